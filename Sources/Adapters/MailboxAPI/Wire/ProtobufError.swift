/// Why octets are not the message that they should be (Protocol Buffers encoding).
public enum ProtobufError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The octets end inside a field.
    case truncated
    /// A number of more than 64 bits.
    case varintTooLong
    /// A field number of zero or above 2^29 - 1, or a wire type that does not exist.
    case invalidTag
    /// A known field of another wire type than its own.
    case wrongWireType(field: Int)
    /// Text that is not UTF-8.
    case notUTF8(field: Int)
    /// A group ends that did not begin, or groups are nested deeper than 32.
    case invalidGroup
    /// More than 65,536 fields.
    case tooManyFields

    /// Names the fault.
    public var description: String {
        switch self {
        case .truncated: "the message ends inside a field"
        case .varintTooLong: "a number has more than 64 bits"
        case .invalidTag: "a field has no valid tag"
        case .wrongWireType(let field): "field \(field) is of another type"
        case .notUTF8(let field): "field \(field) is not UTF-8"
        case .invalidGroup: "groups do not match or are too deep"
        case .tooManyFields: "the message has more than 65,536 fields"
        }
    }
}
