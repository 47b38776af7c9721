/// KEMAC, the encrypted keys of REQUEST_KEY_RESP (RFC 3830 section 6.2).
///
///     ! next payload (1) ! Encr alg (1) ! Encr data len (2) ! Encr data ~ MAC alg (1) ! MAC ~
public struct KEMACPayload: Sendable, Hashable {
    /// Encr alg: 1 is AES-CM-128, 3 AES-CM-256.
    public let encryption: UInt8
    /// Encr data, up to 65,535 octets.
    public let data: [UInt8]
    /// MAC alg; NULL, as V follows (docs/protocol.md choice 19).
    public let macAlgorithm: MACAlgorithm
    /// The MAC, as long as MAC alg says.
    public let mac: [UInt8]

    /// Encrypted keys. A MAC of their own, which nobody asks for, is left 0.
    public init(encryption: UInt8, data: [UInt8], macAlgorithm: MACAlgorithm = .null) {
        self.encryption = encryption
        self.data = data
        self.macAlgorithm = macAlgorithm
        mac = [UInt8](repeating: 0, count: macAlgorithm.octetCount)
    }

    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        encryption = try reader.uint8()
        data = try reader.octetsAfterUInt16()
        macAlgorithm = try reader.known(.macAlgorithm)
        mac = try reader.octets(macAlgorithm.octetCount)
    }

    func append(to octets: inout [UInt8]) {
        octets.append(encryption)
        octets.append(afterUInt16: data)
        octets.append(macAlgorithm.rawValue)
        octets += mac
    }
}
