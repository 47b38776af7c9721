import Primitives
import SupersingularPairing

/// The key of the sender proof, which two parties of one KMS share without a message: e'(S_A, Q_B) = e'(S_B, Q_A)
/// (Sakai, Ohgishi, Kasahara; docs/protocol.md choice 25).
public enum SenderProofKey {
    /// 32 octets: HKDF of Canonical(p, 2, 0, e'(own key, peer's point)), salt the deposit id, info "poste sender proof v1".
    ///
    /// `parameters` are those of the peer's KMS. The path is the same whatever the key.
    /// Throws `IBEError.differentParameters` where the own key is under others.
    public static func derive(
        own: BFPrivateKey, peer: DatedIdentity, depositID: [UInt8], parameters: BFPublicParameters
    ) throws(IBEError) -> SecretBytes {
        guard own.parameters == parameters else { throw .differentParameters }
        let canonical = try canonical(own: own, peer: peer.octets)
        do throws(CryptographyFailure) {
            return try HKDF.sha256(
                canonical, salt: depositID, info: Array("poste sender proof v1".utf8), count: 32)
        } catch {
            throw .failure(error.description)
        }
    }

    /// Canonical(p, 2, 0, e'(S_A, Q_B)).
    package static func canonical(own: BFPrivateKey, peer: [UInt8]) throws(IBEError) -> SecretBytes {
        let set = own.parameters.set
        // Q_B = [h] Q': h goes into the exponent.
        let point = RFC5091Hashing.hashToCurve(peer, set.curve, set.hash)
        return own.prepared.pairing(point).power(set.cofactor)
    }
}
