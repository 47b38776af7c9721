import Primitives
import SQLite

/// What goes over the one connection to the database: accounts and the audit log.
struct Ledger {
    let accounts: AccountTable
    let audit: AuditLog
    var budget = RefusalBudget()

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
        if audit.isEmpty {
            try audit.record(now: now) { ((), AuditEntry(.created, identities: [settings.name.description])) }
        }
    }
}
