import IdentityBasedEncryption
import Primitives
import SQLite

/// What goes over the one connection to the database: accounts and the audit log. What is done is logged in the same
/// transaction.
struct Ledger {
    private let accounts: AccountTable
    private let audit: AuditLog
    private var budget = RefusalBudget()

    /// Opens both. A damaged audit log is put aside where the settings say so.
    ///
    /// Throws `KeyManagementError.auditLog`, `StateFolderError`, `SQLiteError`.
    init(_ files: StateFiles, _ settings: KeyManagementSettings, now: UTCTime, random: some RandomSource) throws {
        let database = try SQLiteDatabase(path: files.folder.path(of: StateFiles.databaseName))
        accounts = try AccountTable(database: database, key: files.pskKey, random: random)
        do {
            audit = try AuditLog(database: database, folder: files.folder, key: files.auditKey)
        } catch let fault as AuditLogFault {
            guard settings.beginsNewAuditLog else { throw KeyManagementError.auditLog(fault) }
            audit = try AuditLog(
                anewIn: files.folder, database: database, key: files.auditKey, fault: fault, now: now)
        }
        if audit.isEmpty { try record(AuditEntry(.created, identities: [settings.name.description]), now: now) }
    }

    /// The account of a PSK; nil where there is none.
    func account(pskName: [UInt8]) throws -> Account? { try accounts.account(pskName: pskName) }

    /// Makes an account. Throws `EnrolmentRefusal.enrolled` for an identity that somebody has.
    func enroll(
        _ identities: [Identity], _ entry: AuditEntry, now: UTCTime, random: some RandomSource
    ) throws -> Enrolment {
        try audit.record(now: now) {
            let account = try accounts.insert(identities, now: now, random: random)
            var entry = entry
            entry.account = account.id
            entry.pskName = hexadecimal(account.pskName)
            return (Enrolment(account: account.id, pskName: account.pskName, psk: account.psk), entry)
        }
    }

    /// Removes the account that has an identity; whether there was one.
    func removeAccount(of identity: Identity, now: UTCTime) throws -> Bool {
        try audit.record(now: now) {
            let account = try accounts.remove(accountOf: identity)
            var entry = AuditEntry(.removal, account: account, identities: [identity.description])
            if account == nil { entry.refuse("nobody has it") }
            return (account != nil, entry)
        }
    }

    /// Logs an event.
    func record(_ entry: AuditEntry, now: UTCTime) throws { try audit.record(now: now) { ((), entry) } }

    /// Logs the refusal of a request that anybody can send, unless there are too many of them.
    mutating func recordUnverified(_ entry: AuditEntry, now: UTCTime) throws {
        guard let unlogged = budget.take(now: now) else { return }
        var entry = entry
        if unlogged > 0 { entry.unlogged = unlogged }
        try record(entry, now: now)
    }
}
