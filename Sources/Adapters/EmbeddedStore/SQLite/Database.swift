import CSQLite
import Mailbox

/// A value of a column or of a parameter.
enum SQLValue {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    init(_ octets: [UInt8]?) { self = octets.map(SQLValue.blob) ?? .null }
}

/// One connection to the file, with its prepared statements.
///
/// `@unchecked Sendable`: a connection and its statements are used by one thread at a time; each belongs to one
/// `StoreQueue`, whose serial dispatch queue is the only one to call it once it is open.
final class Database: @unchecked Sendable {
    let path: String
    private var handle: OpaquePointer?
    private var statements: [String: OpaquePointer] = [:]

    /// Opens a file that exists.
    init(path: String, busyTimeoutMs: Int32) throws(StoreError) {
        self.path = path
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
        guard sqlite3_open_v2(path, &handle, flags, nil) == SQLITE_OK else {
            let error = fault("opening")
            sqlite3_close_v2(handle)
            handle = nil
            throw error
        }
        sqlite3_busy_timeout(handle, busyTimeoutMs)
    }

    deinit { close() }

    func close() {
        for statement in statements.values { sqlite3_finalize(statement) }
        statements = [:]
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// Whether no transaction is open.
    var isOutsideTransaction: Bool { handle == nil || sqlite3_get_autocommit(handle) != 0 }

    /// Runs statements that take no parameters, and are not kept.
    func execute(_ script: String) throws(StoreError) {
        guard handle != nil else { throw closed }
        guard sqlite3_exec(handle, script, nil, nil, nil) == SQLITE_OK else { throw fault("preparing") }
    }

    /// Runs a statement to its end.
    func run(_ sql: String, _ values: [SQLValue] = []) throws(StoreError) {
        try query(sql, values) { _ throws(StoreError) in true }
    }

    /// Runs a statement and gives each row to `body`, until it says no.
    func query(
        _ sql: String, _ values: [SQLValue] = [], _ body: (Row) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            guard bind(value, at: Int32(index + 1), of: statement) == SQLITE_OK else { throw fault("binding") }
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: guard try body(Row(statement: statement)) else { return }
            case SQLITE_DONE: return
            default: throw fault("working")
            }
        }
    }

    /// The first row, by `body`, or none.
    func first<Result>(
        _ sql: String, _ values: [SQLValue] = [], _ body: (Row) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        var result: Result?
        try query(sql, values) { row throws(StoreError) in
            result = try body(row)
            return false
        }
        return result
    }

    private var closed: StoreError { StoreError(.closed, "the store \(path) is closed; open it again") }

    private func prepared(_ sql: String) throws(StoreError) -> OpaquePointer? {
        guard handle != nil else { throw closed }
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        guard
            sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK
        else { throw fault("preparing") }
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: SQLValue, at index: Int32, of statement: OpaquePointer?) -> Int32 {
        // SQLITE_TRANSIENT, a macro that Swift does not import: SQLite copies the octets before the call returns.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: return sqlite3_bind_null(statement, index)
        case .integer(let integer): return sqlite3_bind_int64(statement, index, integer)
        case .text(let text): return sqlite3_bind_text(statement, index, text, -1, copied)
        case .blob(let octets):
            // A null pointer would bind NULL, which is not the same as no octets.
            if octets.isEmpty { return sqlite3_bind_zeroblob(statement, index, 0) }
            return sqlite3_bind_blob64(statement, index, octets, UInt64(octets.count), copied)
        }
    }

    /// SQLite's last error, in the terms of the ports.
    func fault(_ doing: String) -> StoreError {
        let extended = sqlite3_extended_errcode(handle)
        let reason = String(cString: sqlite3_errmsg(handle))
        return StoreError(
            sqlite: extended, systemError: sqlite3_system_errno(handle), reason: "\(reason), while \(doing)", path: path
        )
    }
}

/// A row of a result. Valid only while its query gives it out.
struct Row {
    fileprivate let statement: OpaquePointer?

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    func octets(_ column: Int32) -> [UInt8] {
        let count = Int(sqlite3_column_bytes(statement, column))
        guard count > 0, let start = sqlite3_column_blob(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    func optionalOctets(_ column: Int32) -> [UInt8]? {
        sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : octets(column)
    }

    func text(_ column: Int32) -> String { String(decoding: octets(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? {
        sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : text(column)
    }
}
