/// Seals a secret for a file: AES-256-GCM under a key that scrypt makes from a passphrase.
///
/// Octets: the magic `poste sealed v1`, log2 of scrypt's cost (1), salt (16), nonce (12), ciphertext with its tag. All that
/// stands before the ciphertext, and the purpose, are associated data, so that a file cannot pass for another.
public enum PassphraseSeal {
    /// Seals `secret`. The purpose (such as `master secret`) must be named again to open it.
    ///
    /// - Parameter logCost: log2 of scrypt's cost, 10 to 20. 15 takes about 0.1 s and 32 MiB.
    /// Throws `CryptographyFailure` or what `random` throws.
    public static func seal(
        _ secret: SecretBytes, passphrase: SecretBytes, purpose: String, random: some RandomSource = SystemRandom(),
        logCost: UInt8 = 15
    ) throws -> [UInt8] {
        let salt = try random.octets(saltOctetCount)
        let nonce = try random.octets(AES256GCM.nonceOctetCount)
        let header = magic + [logCost] + salt + nonce
        let key = try Scrypt.key(passphrase: passphrase, salt: salt, cost: 1 << UInt64(logCost))
        return header
            + (try AES256GCM.seal(secret, key: key, nonce: nonce, associatedData: header + Array(purpose.utf8)))
    }

    /// Opens what `seal` made. Throws `SealedSecretError`.
    public static func open(
        _ sealed: [UInt8], passphrase: SecretBytes, purpose: String
    ) throws(SealedSecretError) -> SecretBytes {
        let headerCount = magic.count + 1 + saltOctetCount + AES256GCM.nonceOctetCount
        guard sealed.count >= headerCount + AES256GCM.tagOctetCount, sealed.starts(with: magic) else {
            throw .notSealed
        }
        let logCost = sealed[magic.count]
        guard (10...20).contains(logCost) else { throw .notSealed }
        let header = Array(sealed[..<headerCount])
        let salt = Array(header[(magic.count + 1)...].prefix(saltOctetCount))
        do {
            let key = try Scrypt.key(passphrase: passphrase, salt: salt, cost: 1 << UInt64(logCost))
            return try AES256GCM.open(
                sealed[headerCount...], key: key, nonce: Array(header.suffix(AES256GCM.nonceOctetCount)),
                associatedData: header + Array(purpose.utf8))
        } catch {
            throw .wrongPassphrase
        }
    }

    private static let magic = Array("poste sealed v1".utf8)
    private static let saltOctetCount = 16
}

/// Why a sealed secret does not open.
public enum SealedSecretError: Error, Equatable, CustomStringConvertible {
    /// The octets are not what `PassphraseSeal` writes.
    case notSealed
    /// Another passphrase, another purpose, or altered octets: nobody can tell which.
    case wrongPassphrase

    /// The fault, and what to do.
    public var description: String {
        switch self {
        case .notSealed: "not a sealed secret: the file is cut, or is another file"
        case .wrongPassphrase: "the passphrase does not open it (or the file was altered): give the one it was made with"
        }
    }
}
