/// One field as it stands in a message.
public struct ProtobufField: Sendable {
    /// What a field holds, by its wire type.
    public enum Value: Sendable {
        /// Wire type 0.
        case varint(UInt64)
        /// Wire type 1.
        case fixed64(UInt64)
        /// Wire type 2.
        case octets(ArraySlice<UInt8>)
        /// Wire type 5.
        case fixed32(UInt32)
    }

    /// As in the .proto file.
    public let number: Int
    /// As on the wire.
    public let value: Value

    /// For fields of type `bytes`.
    public func octets() throws(ProtobufError) -> [UInt8] {
        Array(try slice())
    }

    /// For fields of type `string`.
    public func text() throws(ProtobufError) -> String {
        let octets = try slice()
        let text = String(decoding: octets, as: UTF8.self)
        // Decoding repairs what is ill-formed, so only well-formed text comes back the same.
        guard text.utf8.elementsEqual(octets) else { throw .notUTF8(field: number) }
        return text
    }

    /// For fields of type `uint64`.
    public func uint64() throws(ProtobufError) -> UInt64 {
        guard case .varint(let value) = value else { throw .wrongWireType(field: number) }
        return value
    }

    /// For fields of type `int64`.
    public func int64() throws(ProtobufError) -> Int64 {
        Int64(bitPattern: try uint64())
    }

    /// For fields of type `fixed64`.
    public func fixed64() throws(ProtobufError) -> UInt64 {
        guard case .fixed64(let value) = value else { throw .wrongWireType(field: number) }
        return value
    }

    /// For fields of type `uint32`; higher bits are cut off, as the encoding says.
    public func uint32() throws(ProtobufError) -> UInt32 {
        UInt32(truncatingIfNeeded: try uint64())
    }

    /// For fields of type `int32` and enumerations.
    public func int32() throws(ProtobufError) -> Int32 {
        Int32(truncatingIfNeeded: try uint64())
    }

    /// For fields of type `bool`.
    public func bool() throws(ProtobufError) -> Bool {
        try uint64() != 0
    }

    /// For embedded messages: on top of what an earlier occurrence of the field brought.
    public func message<Message: ProtobufMessage>(
        into earlier: Message? = nil
    ) throws(ProtobufError) -> Message {
        var message = earlier ?? Message()
        try message.merge(try slice())
        return message
    }

    private func slice() throws(ProtobufError) -> ArraySlice<UInt8> {
        guard case .octets(let octets) = value else { throw .wrongWireType(field: number) }
        return octets
    }
}

/// Reads the fields of one message in order. Never reads beyond the octets, and never allocates by a length that it reads.
struct ProtobufReader {
    /// Groups are not used in proto3 but may stand in what is skipped.
    private static let deepestGroup = 32
    /// A message of empty fields would otherwise cost many times its size in memory.
    private static let mostFields = 65_536

    private let octets: ArraySlice<UInt8>
    private var position: Int
    private var fields = 0

    init(_ octets: ArraySlice<UInt8>) {
        self.octets = octets
        position = octets.startIndex
    }

    /// The next field; nil at the end. Groups are skipped.
    mutating func next() throws(ProtobufError) -> ProtobufField? {
        var groups: [Int] = []
        while position < octets.endIndex {
            fields += 1
            guard fields <= Self.mostFields else { throw .tooManyFields }
            let tag = try varint()
            guard tag <= UInt32.max, tag >> 3 > 0 else { throw .invalidTag }
            let number = Int(tag >> 3)
            let value: ProtobufField.Value
            switch tag & 7 {
            case 0: value = .varint(try varint())
            case 1: value = .fixed64(try fixed(8))
            case 2:
                let count = try varint()
                guard count <= UInt64(octets.endIndex - position) else { throw .truncated }
                value = .octets(octets[position..<position + Int(count)])
                position += Int(count)
            case 3:
                guard groups.count < Self.deepestGroup else { throw .invalidGroup }
                groups.append(number)
                continue
            case 4:
                guard groups.popLast() == number else { throw .invalidGroup }
                continue
            case 5: value = .fixed32(UInt32(try fixed(4)))
            default: throw .invalidTag
            }
            if groups.isEmpty { return ProtobufField(number: number, value: value) }
        }
        guard groups.isEmpty else { throw .truncated }
        return nil
    }

    private mutating func varint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < octets.endIndex else { throw .truncated }
            let octet = octets[position]
            position += 1
            // The tenth octet has room for one bit.
            guard shift < 63 || octet <= 1 else { throw .varintTooLong }
            value |= UInt64(octet & 0x7f) << shift
            if octet & 0x80 == 0 { return value }
        }
        throw .varintTooLong
    }

    private mutating func fixed(_ count: Int) throws(ProtobufError) -> UInt64 {
        guard octets.endIndex - position >= count else { throw .truncated }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(octets[position + index]) << UInt64(8 * index) }
        position += count
        return value
    }
}
