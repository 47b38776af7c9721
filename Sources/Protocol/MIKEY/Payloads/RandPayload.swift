/// RAND, the freshness of an exchange (RFC 3830 section 6.11).
///
///     ! next payload (1) ! RAND len (1) ! RAND ~
public struct RandPayload: Sendable, Hashable {
    /// The shortest RAND that is accepted, in octets (docs/protocol.md choice 8).
    public static let minimumOctetCount = 16

    /// RAND, up to 255 octets.
    public let octets: [UInt8]

    /// A RAND of up to 255 octets.
    public init(_ octets: [UInt8]) { self.octets = octets }

    init(reading reader: inout PayloadReader) throws(MIKEYError) { octets = try reader.octetsAfterUInt8() }

    func append(to output: inout [UInt8]) { output.append(afterUInt8: octets) }
}
