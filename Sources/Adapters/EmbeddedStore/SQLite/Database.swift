import Mailbox
import SQLite

/// A connection to the store's file, with the ports' faults instead of SQLite's, and an end to its use.
///
/// `@unchecked Sendable`: a connection of SQLite's is used by one thread at a time; each belongs to one `StoreQueue`,
/// whose serial dispatch queue is the only one to call it once it is open.
final class Database: @unchecked Sendable {
    let path: String
    private var connection: SQLiteDatabase?

    /// Opens a file that exists.
    init(path: String, busyTimeoutMs: Int32) throws(StoreError) {
        self.path = path
        let options = SQLiteOptions(makesFile: false, busyTimeoutMs: busyTimeoutMs, givesBackPages: true)
        connection = try Self.mapped { () throws(SQLiteError) in try SQLiteDatabase(path: path, options) }
        guard try connected().hasWriteAheadLog else {
            throw StoreError(
                .unavailable, "the store \(path) lies on a file system without shared memory; take a local disk")
        }
    }

    func close() { connection = nil }

    /// Whether a transaction is open.
    var isInTransaction: Bool { connection?.isInTransaction ?? false }

    /// Sets how large the file may become, in octets.
    func limitSize(octets: Int) throws(StoreError) {
        let connection = try connected()
        try Self.mapped { () throws(SQLiteError) in try connection.limitSize(octets: octets) }
    }

    /// Runs statements that take no parameters, and are not kept.
    func execute(_ script: String) throws(StoreError) {
        let connection = try connected()
        try Self.mapped { () throws(SQLiteError) in try connection.execute(script) }
    }

    /// Runs a statement to its end.
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(StoreError) {
        try query(sql, values) { _ throws(StoreError) in true }
    }

    /// Runs a statement and gives each row to `body`, until it says no.
    func query(
        _ sql: String, _ values: [SQLiteValue] = [], _ body: (SQLiteRow) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try connected().query(sql, values, fault: StoreError.init(_:), body)
    }

    /// The first row, by `body`, or none.
    func first<Result>(
        _ sql: String, _ values: [SQLiteValue] = [], _ body: (SQLiteRow) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        var result: Result?
        try query(sql, values) { row throws(StoreError) in
            result = try body(row)
            return false
        }
        return result
    }

    /// Does all of `body` or nothing.
    func transaction<Result>(
        _ kind: SQLiteTransaction, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try connected().transaction(kind, fault: StoreError.init(_:), body)
    }

    private func connected() throws(StoreError) -> SQLiteDatabase {
        guard let connection else { throw StoreError(.closed, "the store \(path) is closed; open it again") }
        return connection
    }

    private static func mapped<Result>(_ body: () throws(SQLiteError) -> Result) throws(StoreError) -> Result {
        do throws(SQLiteError) {
            return try body()
        } catch {
            throw StoreError(error)
        }
    }
}
