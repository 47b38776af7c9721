/// Reads big-endian fields from a secret, front to back, and never past its end; parts that are secret stay so.
public struct SecretReader: Sendable {
    private let octets: SecretBytes

    /// How many octets were read.
    public private(set) var offset = 0

    /// Reads from the first octet on.
    public init(_ octets: SecretBytes) { self.octets = octets }

    /// How many octets are left.
    public var remaining: Int { octets.count - offset }
    /// Whether none is left.
    public var isAtEnd: Bool { remaining == 0 }

    /// The next `count` octets, as a secret of their own.
    public mutating func secret(_ count: Int) throws(ByteReader.Truncated) -> SecretBytes {
        guard count >= 0, count <= remaining else {
            throw ByteReader.Truncated(offset: offset, needed: count, available: remaining)
        }
        defer { offset += count }
        return octets[offset..<offset + count]
    }

    /// The next `count` octets, which are no secret.
    public mutating func octets(_ count: Int) throws(ByteReader.Truncated) -> [UInt8] {
        try secret(count).exposedCopy()
    }

    /// An integer that is no secret, big-endian, in all its octets.
    public mutating func integer<Integer: FixedWidthInteger & UnsignedInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(ByteReader.Truncated) -> Integer {
        try octets(type.bitWidth / 8).reduce(0) { $0 << 8 | Integer($1) }
    }

    /// The next octets behind a length of four octets, as a secret of their own.
    public mutating func lengthPrefixedSecret() throws(ByteReader.Truncated) -> SecretBytes {
        try secret(Int(try integer(UInt32.self)))
    }

    /// The next octets behind a length of four octets, which are no secret.
    public mutating func lengthPrefixed() throws(ByteReader.Truncated) -> [UInt8] {
        try lengthPrefixedSecret().exposedCopy()
    }
}
