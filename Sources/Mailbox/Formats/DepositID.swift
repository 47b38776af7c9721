import Primitives

/// The id of a deposit: 16 random octets that its sender chose (docs/protocol.md, choice 21).
///
/// It belongs to one content for ever. Who retries sends the same octets or takes a new id.
public struct DepositID: Sendable, Hashable {
    /// Octets in an id.
    public static let size = 16

    /// The 16 octets.
    public let octets: [UInt8]

    /// An id from its octets.
    /// - Throws: `FormatError.invalid` unless there are 16.
    public init(octets: [UInt8]) throws(FormatError) {
        guard octets.count == Self.size else {
            throw .invalid(field: "deposit id", reason: "\(octets.count) octets long; it has 16")
        }
        self.octets = octets
    }

    /// Hashes the first 8 octets, which are random, as one word; an array would be hashed octet by octet.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// The first 16 octets of a longer string, or none if there are fewer.
    init?(truncating octets: [UInt8]) {
        guard octets.count >= Self.size else { return nil }
        self.octets = Array(octets.prefix(Self.size))
    }
}

extension DepositID: CustomStringConvertible {
    /// The id in hex.
    public var description: String { hexadecimal(octets) }
}
