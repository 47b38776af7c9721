/// General Extension: skipped, and may recur, in any message (RFC 3830 section 6.15, docs/protocol.md choice 10).
///
///     ! next payload (1) ! Type (1) ! Length (2) ! Data ~
public struct GeneralExtensionPayload: Sendable, Hashable {
    /// Type.
    public let type: UInt8
    /// Data, up to 65,535 octets.
    public let data: [UInt8]

    /// An extension.
    public init(type: UInt8, data: [UInt8]) {
        self.type = type
        self.data = data
    }

    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        type = try reader.uint8()
        data = try reader.octetsAfterUInt16()
    }

    func append(to octets: inout [UInt8]) {
        octets.append(type)
        octets.append(afterUInt16: data)
    }
}
