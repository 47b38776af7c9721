import Primitives

extension MIKEYMessage {
    /// What V covers: the message from HDR through V's Auth alg octet, then the ID data (docs/protocol.md choices 7
    /// and 19). A message without V is taken as it stands.
    public func verificationCover(identities: [[UInt8]]) -> [UInt8] {
        octets.dropLast(verification?.mac.count ?? 0) + identities.joined()
    }

    /// The message with a V at its end, over itself and the ID data.
    public func authenticated(
        key: SecretBytes, suite: AlgorithmSuite, identities: [[UInt8]]
    ) -> MIKEYMessage {
        func ending(with mac: [UInt8]) -> MIKEYMessage {
            MIKEYMessage(header, payloads + [.verification(VerificationPayload(algorithm: suite.mac, mac: mac))])
        }
        let blank = ending(with: [UInt8](repeating: 0, count: suite.mac.octetCount))
        return ending(with: HMAC.code(suite.hash, key: key, blank.verificationCover(identities: identities)))
    }

    /// Whether V is the MAC of the message and the ID data, found in constant time.
    ///
    /// Throws `MIKEYError` where there is no V or its algorithm is not the suite's (docs/protocol.md choice 6).
    public func isAuthentic(
        key: SecretBytes, suite: AlgorithmSuite, identities: [[UInt8]]
    ) throws(MIKEYError) -> Bool {
        guard let verification else { throw .missing(PayloadType.verification.name) }
        guard verification.algorithm == suite.mac else { throw .macAlgorithm(verification.algorithm) }
        return HMAC.verify(
            verification.mac, suite.hash, key: key, verificationCover(identities: identities))
    }
}
