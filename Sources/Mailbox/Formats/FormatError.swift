/// Why octets are not what they should be. Each fault names the field that it was found in.
public enum FormatError: Error, Sendable, Hashable {
    /// The octets end inside this field.
    case truncated(field: String)
    /// This many octets follow the last field.
    case trailing(count: Int)
    /// The field has a value that its format does not allow; `reason` says which values are allowed.
    case invalid(field: String, reason: String)
    /// The octets are of a later version of this format than this program knows: update it.
    case laterVersion(label: String)
}

extension FormatError: CustomStringConvertible {
    /// The fault in plain words.
    public var description: String {
        switch self {
        case .truncated(let field): "the octets end inside \(field); send the whole of it"
        case .trailing(let count): "\(count) octets follow the last field; leave them out"
        case .invalid(let field, let reason): "\(field): \(reason)"
        case .laterVersion(let label): "\"\(label)\" is of a later version than this program knows; update it"
        }
    }
}
