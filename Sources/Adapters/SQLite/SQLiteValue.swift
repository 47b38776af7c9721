/// A value of a row.
public enum SQLiteValue: Sendable, Equatable {
    /// NULL.
    case null
    /// A whole number.
    case integer(Int64)
    /// Text.
    case text(String)
    /// Octets.
    case octets([UInt8])

    /// The octets, or NULL for nil.
    public init(_ octets: [UInt8]?) { self = octets.map(SQLiteValue.octets) ?? .null }

    /// The number, where it is one.
    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The text, where it is text.
    public var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The octets, where it is octets.
    public var octets: [UInt8]? {
        if case .octets(let value) = self { value } else { nil }
    }
}
