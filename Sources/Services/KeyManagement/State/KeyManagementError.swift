import IdentityBasedEncryption

/// Why a KMS's state folder does not open.
public enum KeyManagementError: Error, Equatable, CustomStringConvertible {
    /// The passphrase has fewer than 8 octets.
    case shortPassphrase
    /// Level 1024 without the setting that allows it.
    case insecureLevel
    /// A file that the state needs is not there.
    case missing(file: String)
    /// A file is not what it should be.
    case damaged(file: String, fault: String)
    /// The enrolment token can be guessed.
    case shortToken(file: String, shortest: Int)
    /// The folder is that of another KMS.
    case otherName(Identity, wanted: Identity)
    /// The KMS's name has no domain.
    case noDomain(Identity)
    /// The audit log was cut or changed.
    case auditLog(AuditLogFault)

    /// The fault, and what to do.
    public var description: String {
        switch self {
        case .shortPassphrase: "the passphrase must have at least 8 octets: it guards the master secret"
        case .insecureLevel:
            "level 1024 protects nothing: take 2048, 3072 or 7680 (or allow it with --insecure-test-level, for tests)"
        case .missing(let file): "\(file) is missing: restore the whole state folder from a backup"
        case .damaged(let file, let fault):
            "\(file) is damaged (\(fault)): restore the whole state folder from a backup"
        case .shortToken(let file, let shortest):
            "\(file) has fewer than \(shortest) characters: write a longer token, or delete the file to get a new one"
        case .otherName(let name, let wanted):
            "the state folder is that of \(name), not of \(wanted): give the right name or another folder"
        case .noDomain(let name):
            "\(name) has no domain, which the parameters are named by: call the KMS something like sip:kms@example.com"
        case .auditLog(let fault):
            "the audit log was cut or changed: \(fault). Restore it from a backup, or start once with the setting that puts"
                + " it aside and begins a new one"
        }
    }
}
