/// V, the MAC over the message and the identities (RFC 3830 section 6.9, RFC 6267 section 5.4).
///
///     ! next payload (1) ! Auth alg (1) ! Ver data (0, 20, 32) !
public struct VerificationPayload: Sendable, Hashable {
    /// Auth alg.
    public let algorithm: MACAlgorithm
    /// Ver data, as long as Auth alg says.
    public let mac: [UInt8]

    init(algorithm: MACAlgorithm, mac: [UInt8]) {
        self.algorithm = algorithm
        self.mac = mac
    }

    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        algorithm = try reader.known(.macAlgorithm)
        mac = try reader.octets(algorithm.octetCount)
    }

    func append(to octets: inout [UInt8]) {
        octets.append(algorithm.rawValue)
        octets += mac
    }
}
