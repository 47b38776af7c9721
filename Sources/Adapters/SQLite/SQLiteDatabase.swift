import CSQLite

/// One connection to a database file: write-ahead log, every commit on the disk before it returns, and what is deleted
/// overwritten with zeros.
///
/// Not `Sendable`: its owner guards it, with a `Mutex`, an actor or a queue.
public final class SQLiteDatabase {
    /// The file.
    public let path: String
    let connection: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]
    /// Whether the file has a write-ahead log; not on a file system without shared memory.
    public private(set) var hasWriteAheadLog = false

    /// Opens the file, or makes an empty database.
    ///
    /// The file is readable by its owner alone where the folder is. Throws `SQLiteError`.
    public init(path: String, _ options: SQLiteOptions = SQLiteOptions()) throws(SQLiteError) {
        var opened: OpaquePointer?
        let making = options.makesFile ? SQLITE_OPEN_CREATE : 0
        let flags = SQLITE_OPEN_READWRITE | making | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        // SQLite gives a connection also where it cannot open the file, but for want of memory.
        guard let connection = opened else { throw SQLiteError(code: code, path: path, message: "out of memory") }
        self.path = path
        self.connection = connection
        if code != SQLITE_OK { throw failure() }
        sqlite3_busy_timeout(connection, options.busyTimeoutMs)
        // Before anything is in the file, or it has no effect.
        if options.givesBackPages { try execute("PRAGMA auto_vacuum = INCREMENTAL") }
        try useWriteAheadLog(waitingMs: options.busyTimeoutMs)
        try execute(
            """
            PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON
            """)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(connection)
    }

    /// Sets how large the file may become, in octets, for this connection. Throws `SQLiteError`.
    public func limitSize(octets: Int) throws(SQLiteError) {
        let pageSize = try rows("PRAGMA page_size").first?[0].integer ?? 4096
        try execute("PRAGMA max_page_count = \(max(1, Int64(octets) / pageSize))")
    }

    /// Runs statements that have no parameters, and are not kept. Throws `SQLiteError`.
    public func execute(_ script: String) throws(SQLiteError) {
        guard sqlite3_exec(connection, script, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    /// Runs one statement; its `?` stand for the values in turn. Throws `SQLiteError`.
    public func run(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) { try run(sql, values) }

    /// Runs one statement; its `?` stand for the values in turn. Throws `SQLiteError`.
    public func run(_ sql: String, _ values: [SQLiteValue]) throws(SQLiteError) {
        try query(sql, values, fault: { $0 }) { _ throws(SQLiteError) in true }
    }

    /// Runs one statement and returns its rows. Throws `SQLiteError`.
    public func rows(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> [[SQLiteValue]] {
        var rows: [[SQLiteValue]] = []
        try query(sql, values, fault: { $0 }) { row throws(SQLiteError) in
            rows.append(row.values)
            return true
        }
        return rows
    }

    /// Runs one statement and gives each row to `body`, until it says no. `body` must not run the same statement.
    ///
    /// Throws what `fault` makes of a `SQLiteError`, and what `body` throws.
    public func query<Failure: Error>(
        _ sql: String, _ values: [SQLiteValue], fault: (SQLiteError) -> Failure,
        _ body: (SQLiteRow) throws(Failure) -> Bool
    ) throws(Failure) {
        guard let statement = prepared(sql) else { throw fault(failure()) }
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            guard value.bind(at: Int32(index + 1), of: statement) == SQLITE_OK else { throw fault(failure()) }
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: guard try body(SQLiteRow(statement: statement)) else { return }
            case SQLITE_DONE: return
            default: throw fault(failure())
            }
        }
    }

    /// Statements are kept: there are as many as the code has, since values never stand in their text.
    private func prepared(_ sql: String) -> OpaquePointer? {
        if let statement = statements[sql] { return statement }
        var made: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
        guard code == SQLITE_OK, let statement = made else { return nil }
        statements[sql] = statement
        return statement
    }

    /// Two processes that open a new file at once cannot both change its mode; the loser sees it busy at once, and
    /// then changed.
    private func useWriteAheadLog(waitingMs: Int32) throws(SQLiteError) {
        let deadline = ContinuousClock.now + .milliseconds(Int(waitingMs))
        while true {
            do throws(SQLiteError) {
                hasWriteAheadLog = try rows("PRAGMA journal_mode = WAL") == [[.text("wal")]]
                return
            } catch {
                guard error.kind == .busy, ContinuousClock.now < deadline else { throw error }
            }
        }
    }

    private func failure() -> SQLiteError {
        SQLiteError(
            code: sqlite3_extended_errcode(connection), systemError: sqlite3_system_errno(connection), path: path,
            message: String(cString: sqlite3_errmsg(connection)))
    }
}
