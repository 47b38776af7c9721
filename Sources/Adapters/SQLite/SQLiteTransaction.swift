import CSQLite

/// What a transaction is for.
public enum SQLiteTransaction: Sendable {
    /// Reading: all that is read belongs together, and nobody waits.
    case reading
    /// Writing: no other connection writes meanwhile, from the beginning.
    case writing
}

extension SQLiteDatabase {
    /// Whether a transaction is open.
    public var isInTransaction: Bool { sqlite3_get_autocommit(connection) == 0 }

    /// Runs the statements of `body` all or not at all. It cannot be nested.
    ///
    /// Throws `SQLiteError`, and what `body` throws, after which nothing has happened.
    public func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try transaction(.writing, fault: { error -> any Error in error }, body)
    }

    /// Runs the statements of `body` all or not at all, for who has an error of his own. It cannot be nested.
    ///
    /// Throws what `fault` makes of a `SQLiteError`, and what `body` throws, after which nothing has happened.
    public func transaction<Result, Failure: Error>(
        _ kind: SQLiteTransaction, fault: (SQLiteError) -> Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try run(kind == .writing ? "BEGIN IMMEDIATE" : "BEGIN", fault)
        do throws(Failure) {
            let result = try body()
            try run("COMMIT", fault)
            return result
        } catch {
            // After some faults SQLite has rolled back by itself.
            if isInTransaction { try? run("ROLLBACK") }
            throw error
        }
    }

    private func run<Failure: Error>(_ sql: String, _ fault: (SQLiteError) -> Failure) throws(Failure) {
        do throws(SQLiteError) {
            try run(sql)
        } catch {
            throw fault(error)
        }
    }
}
