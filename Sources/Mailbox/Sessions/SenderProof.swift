import Primitives

/// The sender proof: a MAC that only sender and recipient can make, so that the recipient need not take the mailbox's
/// word (docs/protocol.md, choice 25): HMAC(k, H || SHA-256(ciphertext)), k from `SenderProofKey` of
/// IdentityBasedEncryption.
///
/// It convinces the recipient and nobody else, since he could have made it himself.
public enum SenderProof {
    /// Octets of a proof.
    public static let size = 32

    /// The proof, 32 octets.
    /// - Parameter key: k of choice 25, 32 octets.
    public static func make(key: SecretBytes, header: DepositHeader, ciphertextDigest: [UInt8]) -> [UInt8] {
        HMAC.code(key: key, header.octets + ciphertextDigest)
    }

    /// Whether a proof is right under one of the keys; every key is tried, each comparison in constant time.
    /// - Parameter keys: k of choice 25, one for each serial of the parameters that is valid.
    public static func verify(
        _ proof: [UInt8], keys: [SecretBytes], header: DepositHeader, ciphertextDigest: [UInt8]
    ) -> Bool {
        let covered = header.octets + ciphertextDigest
        return keys.reduce(false) { found, key in HMAC.verify(proof, key: key, covered) || found }
    }
}
