import Primitives

/// How somebody proves that presence events come from him: under the key of an exchange with his own mailbox
/// (docs/protocol.md, choice 28).
///
///     k     = HKDF(ikm = TGK, salt = CSB ID, info = "poste presence v1")
///     proof = HMAC(k, f(event), one after the other, as sent)
public struct PresenceSession: Sendable {
    private let key: SecretBytes

    /// Derives the key.
    /// - Parameters:
    ///   - tgk: TGK of the exchange, never of an update.
    ///   - csbID: its CSB ID, 4 octets.
    /// - Throws: `CryptographyFailure` where OpenSSL fails.
    public init(tgk: SecretBytes, csbID: [UInt8]) throws(CryptographyFailure) {
        key = try HKDF.sha256(tgk, salt: csbID, info: Array("poste presence v1".utf8), count: 32)
    }

    /// The proof for events as they are sent, 32 octets.
    public func proof(of events: [[UInt8]]) -> [UInt8] { HMAC.code(key: key, Self.covered(by: events)) }

    /// Whether a proof is right; compared in constant time.
    public func verify(_ proof: [UInt8], of events: [[UInt8]]) -> Bool {
        HMAC.verify(proof, key: key, Self.covered(by: events))
    }

    private static func covered(by events: [[UInt8]]) -> [UInt8] {
        var octets: [UInt8] = []
        for event in events { octets.append(lengthPrefixed: event) }
        return octets
    }
}
