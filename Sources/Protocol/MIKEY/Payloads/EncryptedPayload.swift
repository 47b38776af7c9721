/// The body of IBAKE and of ESK: what Boneh-Franklin encryption gave (RFC 6267 sections 6.1.1 and 6.1.2).
///
///     ! next payload (1) ! Encr data len (2) ! Encr data ~
public struct EncryptedPayload: Sendable, Hashable {
    /// Encr data: the DER `BFCiphertextBlock` and nothing around it (docs/protocol.md choice 1), up to 65,535 octets.
    public let data: [UInt8]

    /// Encr data of up to 65,535 octets.
    public init(_ data: [UInt8]) { self.data = data }

    init(reading reader: inout PayloadReader) throws(MIKEYError) { data = try reader.octetsAfterUInt16() }

    func append(to octets: inout [UInt8]) { octets.append(afterUInt16: data) }
}
