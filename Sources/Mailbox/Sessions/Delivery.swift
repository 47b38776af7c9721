import IdentityBasedEncryption
import Primitives

/// What opens a delivery on a recipient's stream; the chunks follow it (docs/protocol.md, choice 26).
public struct Delivery: Sendable, Hashable {
    /// How many deliveries the stream has opened before.
    public var sequence: UInt64
    /// H: of a deposit or of a delivery receipt.
    public var header: [UInt8]
    /// The ESK's Encr data; empty for a receipt.
    public var encryptedKey: [UInt8]
    /// ID data of the sender as the mailbox authenticated it.
    public var sender: [UInt8]
    /// When the mailbox received it.
    public var receivedAt: UTCTime
    /// The sender proof, 32 octets, or none.
    public var senderProof: [UInt8]?
    /// The MAC, 32 octets.
    public var mac: [UInt8]

    /// A delivery as it came over the wire; nothing is checked yet.
    public init(
        sequence: UInt64, header: [UInt8], encryptedKey: [UInt8], sender: [UInt8], receivedAt: UTCTime,
        senderProof: [UInt8]?, mac: [UInt8]
    ) {
        self.sequence = sequence
        self.header = header
        self.encryptedKey = encryptedKey
        self.sender = sender
        self.receivedAt = receivedAt
        self.senderProof = senderProof
        self.mac = mac
    }
}

/// What a recipient says of a delivery: that he has it, or that he refuses it. Of what he cannot judge he says nothing.
public struct Acknowledgement: Sendable, Hashable {
    /// The sequence of the delivery.
    public var sequence: UInt64
    /// The deposit; for a delivery receipt the deposit that it is about.
    public var id: DepositID
    /// Whether he refuses it.
    public var isRefusal: Bool
    /// The MAC, 32 octets.
    public var mac: [UInt8]

    /// An acknowledgement as it came over the wire; nothing is checked yet.
    public init(sequence: UInt64, id: DepositID, isRefusal: Bool, mac: [UInt8]) {
        self.sequence = sequence
        self.id = id
        self.isRefusal = isRefusal
        self.mac = mac
    }
}

/// The key of a recipient's stream, and the MACs under it (docs/protocol.md, choice 26).
///
///     k        = HKDF(ikm = TGK of the stream's exchange, salt = its CSB ID, info = "poste delivery v1")
///     delivery = HMAC(k, sequence(8) || H || SHA-256(ESK's Encr data) || f(sender)
///                       || received at, ms(8) || f(sender proof))
///     ack      = HMAC(k, f("ack") || sequence(8) || id); a refusal has "refused" in its place
///     contact  = HMAC(k, f("contact") || SHA-256(TLS certificate, DER)); where the mailbox has dialled (choice 29)
public struct DeliveryKey: Sendable {
    /// The key k, 32 octets.
    public let key: SecretBytes

    /// Derives the key.
    /// - Parameters:
    ///   - tgk: TGK of the stream's own exchange, never of an update.
    ///   - csbID: its CSB ID, 4 octets.
    /// - Throws: `CryptographyFailure` where OpenSSL fails.
    public init(tgk: SecretBytes, csbID: [UInt8]) throws(CryptographyFailure) {
        key = try HKDF.sha256(tgk, salt: csbID, info: Array("poste delivery v1".utf8), count: 32)
    }

    /// The MAC of a delivery, whatever stands in its `mac`.
    public func mac(of delivery: Delivery) -> [UInt8] { HMAC.code(key: key, Self.covered(by: delivery)) }

    /// Whether a delivery's MAC is right; compared in constant time.
    public func verify(_ delivery: Delivery) -> Bool {
        HMAC.verify(delivery.mac, key: key, Self.covered(by: delivery))
    }

    /// An acknowledgement or a refusal with its MAC.
    public func acknowledgement(of sequence: UInt64, id: DepositID, isRefusal: Bool) -> Acknowledgement {
        let mac = HMAC.code(key: key, Self.covered(sequence, id, isRefusal))
        return Acknowledgement(sequence: sequence, id: id, isRefusal: isRefusal, mac: mac)
    }

    /// Whether an acknowledgement's MAC is right; compared in constant time.
    public func verify(_ acknowledgement: Acknowledgement) -> Bool {
        HMAC.verify(
            acknowledgement.mac, key: key,
            Self.covered(acknowledgement.sequence, acknowledgement.id, acknowledgement.isRefusal))
    }

    /// The MAC by which a recipient whom his mailbox has dialled says which TLS certificate is his.
    public func contactMAC(certificateDigest: [UInt8]) -> [UInt8] {
        HMAC.code(key: key, Self.covered(byContactWith: certificateDigest))
    }

    /// Whether the recipient named this certificate; compared in constant time.
    public func verify(contactMAC: [UInt8], certificateDigest: [UInt8]) -> Bool {
        HMAC.verify(contactMAC, key: key, Self.covered(byContactWith: certificateDigest))
    }

    private static func covered(byContactWith certificateDigest: [UInt8]) -> [UInt8] {
        var octets: [UInt8] = []
        octets.append(lengthPrefixed: "contact".utf8)
        octets.append(contentsOf: certificateDigest)
        return octets
    }

    private static func covered(by delivery: Delivery) -> [UInt8] {
        var octets: [UInt8] = []
        octets.append(bigEndian: delivery.sequence)
        octets.append(contentsOf: delivery.header)
        octets.append(contentsOf: HashFunction.sha256.hash(delivery.encryptedKey))
        octets.append(lengthPrefixed: delivery.sender)
        octets.append(bigEndian: delivery.receivedAt.wire)
        octets.append(lengthPrefixed: delivery.senderProof ?? [])
        return octets
    }

    private static func covered(_ sequence: UInt64, _ id: DepositID, _ isRefusal: Bool) -> [UInt8] {
        var octets: [UInt8] = []
        octets.append(lengthPrefixed: (isRefusal ? "refused" : "ack").utf8)
        octets.append(bigEndian: sequence)
        octets.append(contentsOf: id.octets)
        return octets
    }
}
