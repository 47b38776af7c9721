/// Reads big-endian fields from octets, front to back, and never past their end.
public struct ByteReader: Sendable {
    /// The octets were fewer than a field needs.
    public struct Truncated: Error, Equatable, CustomStringConvertible {
        /// Where the field starts.
        public let offset: Int
        /// How many octets it needs.
        public let needed: Int
        /// How many are left.
        public let available: Int
        /// The fault in words.
        public var description: String {
            "truncated: \(needed) octets needed at offset \(offset), \(available) left"
        }
    }

    private let octets: ArraySlice<UInt8>
    private var index: Int

    /// Reads from the first octet on.
    public init(_ octets: ArraySlice<UInt8>) {
        self.octets = octets
        index = octets.startIndex
    }

    /// Reads from the first octet on.
    public init(_ octets: [UInt8]) { self.init(octets[...]) }

    /// How many octets were read.
    public var offset: Int { index - octets.startIndex }
    /// How many octets are left.
    public var remaining: Int { octets.endIndex - index }
    /// Whether none is left.
    public var isAtEnd: Bool { remaining == 0 }

    /// The next `count` octets.
    public mutating func octets(_ count: Int) throws(Truncated) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw Truncated(offset: offset, needed: count, available: remaining)
        }
        defer { index += count }
        return octets[index..<index + count]
    }

    /// The next octet.
    public mutating func uint8() throws(Truncated) -> UInt8 { UInt8(try integer(1)) }
    /// The next two octets, big-endian.
    public mutating func uint16() throws(Truncated) -> UInt16 { UInt16(try integer(2)) }
    /// The next four octets, big-endian.
    public mutating func uint32() throws(Truncated) -> UInt32 { UInt32(try integer(4)) }
    /// The next eight octets, big-endian.
    public mutating func uint64() throws(Truncated) -> UInt64 { try integer(8) }

    /// The octets behind a length of four octets: f(x) of docs/protocol.md.
    public mutating func lengthPrefixed() throws(Truncated) -> ArraySlice<UInt8> {
        let count = try uint32()
        return try octets(Int(count))
    }

    private mutating func integer(_ count: Int) throws(Truncated) -> UInt64 {
        try octets(count).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension [UInt8] {
    /// Appends an integer, big-endian, in all its octets.
    @inlinable
    public mutating func append(bigEndian value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Appends f(x) of docs/protocol.md: the length in four octets, then the octets.
    @inlinable
    public mutating func append(lengthPrefixed octets: some Collection<UInt8>) {
        append(bigEndian: UInt32(octets.count))
        append(contentsOf: octets)
    }
}
