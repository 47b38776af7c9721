import CSQLite

/// One connection to a database file: write-ahead log, every commit on the disk before it returns.
///
/// Not `Sendable`: its owner guards it, with a `Mutex` or an actor.
public final class SQLiteDatabase {
    private let path: String
    private let connection: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// Opens the file, or makes an empty database.
    ///
    /// The file is readable by its owner alone where the folder is. Throws `SQLiteError`.
    public init(path: String) throws(SQLiteError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        // SQLite gives a connection also where it cannot open the file, but for want of memory.
        guard let connection = opened else { throw SQLiteError(code: code, path: path, message: "out of memory") }
        self.path = path
        self.connection = connection
        if code != SQLITE_OK { throw failure() }
        sqlite3_busy_timeout(connection, 2000)
        _ = try rows("PRAGMA journal_mode = WAL")
        try run("PRAGMA synchronous = FULL")
        try run("PRAGMA foreign_keys = ON")
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(connection)
    }

    /// Runs one statement; its `?` stand for the values in turn. Throws `SQLiteError`.
    public func run(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) { _ = try rows(sql, values) }

    /// Runs one statement and returns its rows. Throws `SQLiteError`.
    public func rows(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> [[SQLiteValue]] {
        try rows(sql, values)
    }

    /// Runs the statements of `body` all or not at all. It cannot be nested.
    ///
    /// Throws `SQLiteError`, and what `body` throws, after which nothing has happened.
    public func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try run("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            // After some faults SQLite has rolled back by itself, and this fails.
            try? run("ROLLBACK")
            throw error
        }
    }

    private func rows(_ sql: String, _ values: [SQLiteValue]) throws(SQLiteError) -> [[SQLiteValue]] {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1), of: statement) }
        var rows: [[SQLiteValue]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: rows.append((0..<sqlite3_column_count(statement)).map { value(at: $0, of: statement) })
            case SQLITE_DONE: return rows
            default: throw failure()
            }
        }
    }

    /// Statements are kept: there are as many as the code has, since values never stand in their text.
    private func prepared(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var made: OpaquePointer?
        guard sqlite3_prepare_v2(connection, sql, -1, &made, nil) == SQLITE_OK, let statement = made else {
            throw failure()
        }
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: SQLiteValue, at index: Int32, of statement: OpaquePointer) throws(SQLiteError) {
        let code =
            switch value {
            case .null: sqlite3_bind_null(statement, index)
            case .integer(let number): sqlite3_bind_int64(statement, index, number)
            case .text(let text):
                sqlite3_bind_text(statement, index, text, Int32(clamping: text.utf8.count), copied)
            // No octets are a pointer to nothing, which SQLite would take for NULL.
            case .octets([]): sqlite3_bind_zeroblob(statement, index, 0)
            case .octets(let octets):
                sqlite3_bind_blob(statement, index, octets, Int32(clamping: octets.count), copied)
            }
        if code != SQLITE_OK { throw failure() }
    }

    private func value(at index: Int32, of statement: OpaquePointer) -> SQLiteValue {
        switch sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, index))
        case SQLITE_TEXT: .text(sqlite3_column_text(statement, index).map { String(cString: $0) } ?? "")
        case SQLITE_BLOB:
            // The pointer lives until the next step; the copy is made here.
            .octets(
                Array(
                    UnsafeRawBufferPointer(
                        start: sqlite3_column_blob(statement, index),
                        count: Int(sqlite3_column_bytes(statement, index)))))
        default: .null
        }
    }

    private func failure() -> SQLiteError {
        SQLiteError(
            code: sqlite3_extended_errcode(connection), path: path, message: String(cString: sqlite3_errmsg(connection))
        )
    }
}

/// SQLITE_TRANSIENT, a cast in C: SQLite copies what is bound.
private var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
