import IdentityBasedEncryption
import Primitives
import SQLite
import StateFolder

/// The files of a state folder, opened or made.
///
/// They are made in this order: database, account key, master secret, the rest, the first entry of the audit log. So what a
/// start left that was interrupted can be told from what somebody removed.
struct StateFiles: Sendable {
    let folder: StateFolder
    /// Seals the PSKs.
    let pskKey: SecretBytes
    /// Of the MAC of the audit log's last entry.
    let auditKey: SecretBytes
    /// Highest serial first, at least one.
    let masterSecrets: [MasterSecret]
    let token: EnrolmentToken

    static let databaseName = "accounts.sqlite"
    static let keyName = "accounts.key"
    static let marker = "kms.lock"
    /// In octets.
    static let shortestPassphrase = 8

    /// Throws as `KeyManagementState.init` does.
    init(
        path: String, passphrase: SecretBytes, settings: KeyManagementSettings, now: UTCTime,
        random: some RandomSource, progress: (Int) -> Void
    ) throws {
        guard passphrase.count >= Self.shortestPassphrase else { throw KeyManagementError.shortPassphrase }
        folder = try StateFolder(path: path, marker: Self.marker)
        let hasDatabase = try folder.names(startingWith: Self.databaseName).contains(Self.databaseName)
        let sealedKey = try folder.read(Self.keyName)
        if sealedKey != nil, !hasDatabase { throw KeyManagementError.missing(file: Self.databaseName) }
        let database = try SQLiteDatabase(path: folder.path(of: Self.databaseName))
        try AuditLog.prepare(database)
        let isComplete = try AuditLog.hasEntry(in: database)

        let key: SecretBytes
        if let sealedKey {
            key = try PassphraseSeal.open(sealedKey, passphrase: passphrase, purpose: Self.keyPurpose)
        } else {
            guard !isComplete else { throw KeyManagementError.missing(file: Self.keyName) }
            key = try random.secretOctets(AES256GCM.keyOctetCount)
            try folder.write(
                Self.keyName,
                PassphraseSeal.seal(key, passphrase: passphrase, purpose: Self.keyPurpose, random: random))
        }
        pskKey = try HKDF.sha256(key, salt: [], info: Array("poste kms psk v1".utf8), count: AES256GCM.keyOctetCount)
        auditKey = try HKDF.sha256(key, salt: [], info: Array("poste kms audit v1".utf8), count: 32)

        var masterSecrets = try MasterSecret.all(in: folder, passphrase: passphrase)
        if masterSecrets.isEmpty {
            guard !isComplete else { throw KeyManagementError.missing(file: MasterSecret.fileName(serial: 1)) }
            masterSecrets = [
                try MasterSecret.make(
                    serial: 1, settings, in: folder, passphrase: passphrase, now: now, random: random,
                    progress: progress)
            ]
        }
        for master in masterSecrets {
            guard settings.insecureTestLevel || master.key.parameters.level != .test1024 else {
                throw KeyManagementError.insecureLevel
            }
            guard master.name == settings.name else {
                throw KeyManagementError.otherName(master.name, wanted: settings.name)
            }
            try folder.write("parameters-\(master.published.districtSerial).der", master.published.der)
        }
        self.masterSecrets = masterSecrets
        token = try settings.enrolmentToken.map { given throws(KeyManagementError) in try EnrolmentToken(given) }
            ?? EnrolmentToken(in: folder, random: random)
    }

    static let keyPurpose = "poste kms account key"
}
