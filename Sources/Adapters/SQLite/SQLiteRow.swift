import CSQLite

/// A row of a result. Valid only while its query gives it out; columns are counted from 0.
///
/// Each octet is copied once, from SQLite's memory, which lives until the next row.
public struct SQLiteRow {
    let statement: OpaquePointer

    /// A column's number, 0 for what is none.
    public func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(column)) }

    /// How many octets a column has, without copying them; 0 for NULL.
    public func octetCount(_ column: Int) -> Int { Int(sqlite3_column_bytes(statement, Int32(column))) }

    /// A column's octets, none for NULL.
    public func octets(_ column: Int) -> [UInt8] {
        // No octets are a pointer to nothing.
        guard let start = sqlite3_column_blob(statement, Int32(column)) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: octetCount(column)))
    }

    /// A column's octets, nil for NULL.
    public func optionalOctets(_ column: Int) -> [UInt8]? { isNull(column) ? nil : octets(column) }

    /// A column's text, empty for NULL.
    public func text(_ column: Int) -> String {
        guard let start = sqlite3_column_text(statement, Int32(column)) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: start, count: octetCount(column)), as: UTF8.self)
    }

    /// A column's text, nil for NULL.
    public func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

    /// A column's value, of the kind that it is stored as; a fraction, which has no kind here, is nothing.
    public func value(_ column: Int) -> SQLiteValue {
        switch sqlite3_column_type(statement, Int32(column)) {
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .octets(octets(column))
        default: .null
        }
    }

    /// All of the row's values.
    public var values: [SQLiteValue] { (0..<Int(sqlite3_column_count(statement))).map(value) }

    private func isNull(_ column: Int) -> Bool { sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL }
}
