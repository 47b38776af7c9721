import CSQLite

extension SQLiteValue {
    /// Binds the value to a parameter, counted from 1, and gives SQLite's result code.
    func bind(at index: Int32, of statement: OpaquePointer) -> Int32 {
        switch self {
        case .null: sqlite3_bind_null(statement, index)
        case .integer(let number): sqlite3_bind_int64(statement, index, number)
        case .text(let text):
            sqlite3_bind_text64(statement, index, text, UInt64(text.utf8.count), copied, UInt8(SQLITE_UTF8))
        // No octets are a pointer to nothing, which SQLite would take for NULL.
        case .octets([]): sqlite3_bind_zeroblob(statement, index, 0)
        case .octets(let octets): sqlite3_bind_blob64(statement, index, octets, UInt64(octets.count), copied)
        }
    }
}

/// SQLITE_TRANSIENT, a cast in C, which Swift does not import: SQLite copies what is bound before the call returns.
private var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
