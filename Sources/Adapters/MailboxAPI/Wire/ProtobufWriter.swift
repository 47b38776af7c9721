/// Collects the fields of a message. A value at its default is not written, except where a method says so.
public struct ProtobufWriter: Sendable {
    /// What has been written.
    public private(set) var octets: [UInt8] = []

    /// Nothing is written yet.
    public init() {}

    /// A field of type `uint32`, `uint64`, or an enumeration.
    public mutating func number(_ field: Int, _ value: UInt64) {
        if value != 0 { member(field, value) }
    }

    /// A member of a oneof of a number's type: written when it is 0, too.
    public mutating func member(_ field: Int, _ value: UInt64) {
        varint(UInt64(field) << 3)
        varint(value)
    }

    /// A field of type `fixed64`.
    public mutating func fixed64(_ field: Int, _ value: UInt64) {
        guard value != 0 else { return }
        varint(UInt64(field) << 3 | 1)
        octets += stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// A field of type `int32`; negative numbers take ten octets.
    public mutating func number(_ field: Int, _ value: Int32) {
        number(field, UInt64(bitPattern: Int64(value)))
    }

    /// A field of type `bool`.
    public mutating func bool(_ field: Int, _ value: Bool) {
        number(field, value ? 1 as UInt64 : 0)
    }

    /// A field of type `bytes`.
    public mutating func bytes(_ field: Int, _ value: [UInt8]) {
        if !value.isEmpty { element(field, value) }
    }

    /// A field of type `string`.
    public mutating func text(_ field: Int, _ value: String) {
        if !value.isEmpty { element(field, Array(value.utf8)) }
    }

    /// A member of a oneof or an element of a repeated field of type `bytes` or `string`: written when empty, too.
    public mutating func element(_ field: Int, _ value: [UInt8]) {
        octets.reserveCapacity(octets.count + value.count + 12)
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(value.count))
        octets.append(contentsOf: value)
    }

    /// An embedded message: written when empty, too, since its presence means something.
    public mutating func message(_ field: Int, _ value: some ProtobufMessage) {
        element(field, value.encoded)
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 0x7f {
            octets.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        octets.append(UInt8(rest))
    }
}
