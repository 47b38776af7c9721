import Primitives

/// What sender and mailbox say to each other about deposits, under a key of their handshake (docs/protocol.md, choice
/// 24).
///
///     k       = HKDF(ikm = TGK, salt = CSB ID, info = "poste deposit session v1")
///     tag     = HMAC(k, SHA-256(I_MESSAGE_2 as sent) || H)
///     receipt = HMAC(k, f("stored") || id || received at, ms(8) || SHA-256(ciphertext) || f(sender proof))
public struct DepositSession: Sendable {
    /// The key k, 32 octets.
    public let key: SecretBytes
    /// SHA-256 of I_MESSAGE_2 as it was sent, 32 octets.
    public let messageDigest: [UInt8]

    /// Derives the key.
    /// - Parameters:
    ///   - tgk: TGK of the handshake, never of an update.
    ///   - csbID: its CSB ID, 4 octets.
    ///   - messageDigest: SHA-256 of its I_MESSAGE_2 as sent.
    /// - Throws: `CryptographyFailure` where OpenSSL fails.
    public init(tgk: SecretBytes, csbID: [UInt8], messageDigest: [UInt8]) throws(CryptographyFailure) {
        key = try HKDF.sha256(tgk, salt: csbID, info: Array("poste deposit session v1".utf8), count: 32)
        self.messageDigest = messageDigest
    }

    /// The tag that opens a deposit, 32 octets.
    public func openingTag(for header: DepositHeader) -> [UInt8] {
        HMAC.code(key: key, messageDigest + header.octets)
    }

    /// Whether a tag opens this deposit; compared in constant time.
    public func verify(openingTag tag: [UInt8], for header: DepositHeader) -> Bool {
        HMAC.verify(tag, key: key, messageDigest + header.octets)
    }

    /// The MAC of the receipt for a stored deposit, 32 octets.
    public func receiptMAC(for stored: StoredContent) -> [UInt8] { HMAC.code(key: key, Self.covered(by: stored)) }

    /// Whether the mailbox's receipt is right; compared in constant time.
    public func verify(receiptMAC mac: [UInt8], for stored: StoredContent) -> Bool {
        HMAC.verify(mac, key: key, Self.covered(by: stored))
    }

    private static func covered(by stored: StoredContent) -> [UInt8] {
        var octets: [UInt8] = []
        octets.append(lengthPrefixed: "stored".utf8)
        octets.append(contentsOf: stored.id.octets)
        octets.append(bigEndian: stored.receivedAt.wire)
        octets.append(contentsOf: stored.ciphertextDigest)
        octets.append(lengthPrefixed: stored.senderProof ?? [])
        return octets
    }
}

/// What a receipt vouches for.
public struct StoredContent: Sendable, Hashable {
    /// The deposit.
    public var id: DepositID
    /// When the mailbox received it.
    public var receivedAt: UTCTime
    /// SHA-256 of its ciphertext, 32 octets.
    public var ciphertextDigest: [UInt8]
    /// Its sender proof, 32 octets, or none.
    public var senderProof: [UInt8]?

    /// What was stored, from its parts.
    public init(id: DepositID, receivedAt: UTCTime, ciphertextDigest: [UInt8], senderProof: [UInt8]?) {
        self.id = id
        self.receivedAt = receivedAt
        self.ciphertextDigest = ciphertextDigest
        self.senderProof = senderProof
    }
}
