import CSQLite

/// A transaction that writes and does not end.
final class HeldLock {
    struct Failed: Error {}

    private var handle: OpaquePointer?

    init(_ path: String) throws {
        guard sqlite3_open(path, &handle) == SQLITE_OK,
            sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK
        else { throw Failed() }
    }

    func release() { sqlite3_close(handle) }
}
