import Primitives

/// The key of one content and what its chunks are bound to (docs/protocol.md, choice 23).
///
///     key(32) || nonce prefix(7) = HKDF(ikm = SK, salt = id, info = "poste content v1" || SHA-256(H))
///     chunk i: AES-256-GCM, nonce = prefix || i(4) || last(1), associated data SHA-256(H)
public struct ContentKey: Sendable {
    /// The key of AES-256-GCM, 32 octets.
    public let key: SecretBytes
    /// The first 7 octets of every nonce.
    public let noncePrefix: [UInt8]
    let associatedData: [UInt8]

    /// Derives the key of the content of `header`.
    /// - Parameter sk: the octet string of the point in the ESK's SK payload.
    /// - Throws: `CryptographyFailure` where OpenSSL fails.
    public init(sk: SecretBytes, header: DepositHeader) throws(CryptographyFailure) {
        let derived = try HKDF.sha256(
            sk, salt: header.fields.id.octets, info: Array("poste content v1".utf8) + header.digest, count: 39)
        key = derived[0..<32]
        noncePrefix = derived[32..<39].exposedCopy()
        associatedData = header.digest
    }

    func nonce(chunk index: UInt64, isLast: Bool) -> [UInt8] {
        var nonce = noncePrefix
        nonce.append(bigEndian: UInt32(truncatingIfNeeded: index))
        nonce.append(isLast ? 1 : 0)
        return nonce
    }

    func seal(_ plaintext: [UInt8], chunk: UInt64, isLast: Bool) throws(CryptographyFailure) -> [UInt8] {
        try AES256GCM.seal(
            plaintext, key: key, nonce: nonce(chunk: chunk, isLast: isLast), associatedData: associatedData)
    }

    func open(_ sealed: [UInt8], chunk: UInt64, isLast: Bool) throws(AuthenticationFailure) -> SecretBytes {
        try AES256GCM.open(
            sealed, key: key, nonce: nonce(chunk: chunk, isLast: isLast), associatedData: associatedData)
    }
}
