import IdentityBasedEncryption
import Primitives
import StateFolder
import Synchronization

/// All that a KMS keeps, in a folder of mode 0700 that one process at a time can use:
///
/// | file | content |
/// | --- | --- |
/// | `kms.lock` | which process uses the folder |
/// | `accounts.sqlite` | accounts with their sealed PSKs, and the last entry of the audit log |
/// | `accounts.key` | the key for both, sealed with the passphrase |
/// | `master-secret-N.sealed` | parameters and master secret of serial N, sealed with the passphrase |
/// | `parameters-N.der` | the parameters alone, for whoever wants a copy |
/// | `enrolment.token` | what somebody must show who wants accounts made, in plain |
/// | `audit.jsonl` | the audit log |
///
/// Its functions wait for the disk: call them on a thread that may.
public final class KeyManagementState: Sendable {
    /// Who the KMS is: the ID data of IDRkms.
    public let name: Identity
    /// The public parameters, as RFC 5408 IBESysParams in DER, highest serial first; of each serial those of the KMS's own
    /// domain, then those of the other domains that it serves.
    public let parameters: [[UInt8]]

    let settings: KeyManagementSettings
    private let enrolmentPolicy: EnrolmentPolicy
    private let masterSecrets: [MasterSecret]
    private let token: EnrolmentToken
    private let folder: StateFolder
    private let random: any RandomSource
    private let ledger: Mutex<Ledger>

    /// Opens the state in a folder; where the folder is new or empty it makes one, which takes seconds.
    ///
    /// A start that was interrupted goes on where it was. `progress` hears how many candidates for a prime were tried.
    ///
    /// Throws `KeyManagementError`, `SealedSecretError` for a wrong passphrase, `StateFolderError`, `SQLiteError`, `IBEError` for
    /// a domain in the settings that is none.
    public init(
        folder path: String, passphrase: SecretBytes, settings: KeyManagementSettings, now: UTCTime,
        random: some RandomSource = SystemRandom(), progress: (Int) -> Void = { _ in }
    ) throws {
        let files = try StateFiles(
            path: path, passphrase: passphrase, settings: settings, now: now, random: random, progress: progress)
        name = settings.name
        parameters = try files.masterSecrets.flatMap { master in
            let others = (settings.domains ?? []).subtracting([master.published.domain]).sorted()
            return try [master.published.der] + others.map { try master.published(for: $0).der }
        }
        self.settings = settings
        enrolmentPolicy = EnrolmentPolicy(kms: settings.name, domains: settings.domains)
        masterSecrets = files.masterSecrets
        token = files.token
        folder = files.folder
        self.random = random
        ledger = Mutex(try Ledger(files, settings, now: now, random: random))
    }

    /// Makes an account for identities, or for the mailbox service of a domain, and logs it.
    ///
    /// - Parameters:
    ///   - token: what the caller showed as enrolment token.
    ///   - peer: where the call came from, for the log.
    ///
    /// Throws `EnrolmentRefusal`, which is logged, too, and `SQLiteError`, `StateFolderError`.
    public func enroll(
        identities: [String], mailboxDomain: String, token shown: String, peer: String, now: UTCTime
    ) throws -> Enrolment {
        let asked = mailboxDomain.isEmpty ? identities : identities + ["mailbox service of \(mailboxDomain)"]
        var entry = AuditEntry(
            .enrolment, identities: asked.prefix(EnrolmentPolicy.maximumIdentities).map { String($0.prefix(512)) },
            peer: peer)
        guard token.matches(shown) else {
            entry.refuse(EnrolmentRefusal.token)
            try recordUnverified(entry, now: now)
            throw EnrolmentRefusal.token
        }
        do {
            guard identities.isEmpty != mailboxDomain.isEmpty else { throw EnrolmentRefusal.unclear }
            let identities =
                mailboxDomain.isEmpty
                ? try enrolmentPolicy.identities(identities) : [try enrolmentPolicy.mailbox(ofDomain: mailboxDomain)]
            return try ledger.withLock { [entry] in
                try $0.enroll(identities, entry, now: now, random: random)
            }
        } catch let refusal as EnrolmentRefusal {
            entry.refuse(refusal)
            try record(entry, now: now)
            throw refusal
        }
    }

    /// Removes the account that has an identity, so that it can be enrolled again, and logs it.
    ///
    /// Returns whether there was one. Throws `SQLiteError`, `StateFolderError`.
    public func removeAccount(of identity: Identity, now: UTCTime) throws -> Bool {
        try ledger.withLock { try $0.removeAccount(of: identity, now: now) }
    }

    /// The account of a PSK; nil where there is none.
    func account(pskName: [UInt8]) throws -> Account? {
        try ledger.withLock { try $0.account(pskName: pskName) }
    }

    /// The private key of a dated identity, under the parameters of the highest serial that is valid on its day.
    ///
    /// Throws `KeyRefusal.noParameters` where none is, and `IBEError`.
    func extract(_ dated: DatedIdentity) throws -> BFPrivateKey {
        guard let master = masterSecrets.first(where: { $0.isValid(on: dated.day) }) else {
            throw KeyRefusal.noParameters(dated.day)
        }
        return try master.key.extract(dated.octets)
    }

    /// Logs an event. Throws `SQLiteError`, `StateFolderError`.
    func record(_ entry: AuditEntry, now: UTCTime) throws {
        try ledger.withLock { try $0.record(entry, now: now) }
    }

    /// Logs the refusal of a request that anybody can send, unless there are too many of them.
    func recordUnverified(_ entry: AuditEntry, now: UTCTime) throws {
        try ledger.withLock { try $0.recordUnverified(entry, now: now) }
    }
}
