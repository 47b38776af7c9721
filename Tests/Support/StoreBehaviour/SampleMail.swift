import IdentityBasedEncryption
import Mailbox
import Primitives

/// Mail that has the right form and means nothing: its ESK and ciphertext are octets from a seed.
public struct SampleMail: Sendable {
    /// The sender.
    public var sender: Identity
    /// The recipient.
    public var recipient: Identity
    /// What tells one from another.
    public var seed: UInt64
    /// Octets of the plaintext.
    public var length: Int
    /// In seconds.
    public var lifetime: UInt32
    /// Whether a delivery receipt is asked for.
    public var wantsReceipt: Bool

    /// Mail from its parts.
    public init(
        from sender: Identity, to recipient: Identity, seed: UInt64, length: Int = 20, lifetime: UInt32 = 3600,
        wantsReceipt: Bool = false
    ) {
        self.sender = sender
        self.recipient = recipient
        self.seed = seed
        self.length = length
        self.lifetime = lifetime
        self.wantsReceipt = wantsReceipt
    }

    /// Octets from the seed, for a purpose.
    public func octets(_ count: Int, purpose: String) -> [UInt8] {
        var octets: [UInt8] = []
        var block: [UInt8] = []
        block.append(bigEndian: seed)
        block.append(contentsOf: purpose.utf8)
        while octets.count < count {
            block = HashFunction.sha256.hash(block)
            octets.append(contentsOf: block)
        }
        return Array(octets.prefix(count))
    }

    /// The id.
    public var id: DepositID { get throws { try DepositID(octets: octets(16, purpose: "id")) } }
    /// Its key in the log.
    public var key: DepositKey { get throws { DepositKey(id: try id, mailbox: recipient) } }
    /// The ESK's Encr data.
    public var encryptedKey: [UInt8] { octets(600, purpose: "esk") }
    /// The ciphertext.
    public var ciphertext: [UInt8] { octets(length + 16, purpose: "ciphertext") }

    /// The header.
    public func header() throws -> DepositHeader {
        try DepositHeader(
            DepositHeader.Fields(
                id: id, sender: sender, recipient: recipient, timestamp: 0xeeb9_121a_0000_0000, curve: .p256,
                encryptedKeyDigest: HashFunction.sha256.hash(encryptedKey), mediaType: "text/plain",
                length: UInt64(length), chunkSize: 1 << 20, created: UTCTime(milliseconds: 1_796_117_402_250),
                lifetime: lifetime, number: UInt32(truncatingIfNeeded: seed), wantsReceipt: wantsReceipt))
    }

    /// The envelope, with the content inside unless it lies elsewhere.
    public func envelope(receivedAt: UTCTime, run: ContentRun? = nil) throws -> Envelope {
        try Envelope(
            deposit: header(), encryptedKey: encryptedKey, receivedAt: receivedAt,
            senderProof: octets(32, purpose: "proof"), ciphertextDigest: HashFunction.sha256.hash(ciphertext),
            place: run.map(Envelope.Place.run) ?? .inline(ciphertext))
    }
}

/// An identity for tests; throws where the text is none.
public func person(_ name: String) throws -> Identity { try Identity("sip:\(name)@post.example") }
