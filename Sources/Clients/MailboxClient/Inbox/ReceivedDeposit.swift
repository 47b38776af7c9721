import Mailbox
import Primitives

/// A deposit that was received, checked and stored: what the JSON file beside its content says.
public struct ReceivedDeposit: Codable, Sendable, Hashable {
    /// How the recipient knows who sent it.
    public enum SenderEvidence: String, Codable, Sendable, Hashable {
        /// The sender proof was right: nobody but sender and recipient could have made it.
        case verified
        /// The mailbox says so; sender and recipient have different KMSs, between which there is no proof.
        case attested
    }

    /// The deposit id in hexadecimal, 32 digits.
    public var id: String
    /// The sender's URI.
    public var sender: String
    /// How that is known.
    public var senderProof: SenderEvidence
    /// The recipient's URI.
    public var recipient: String
    /// The media type, as the sender wrote it.
    public var mediaType: String
    /// Octets of the content.
    public var bytes: UInt64
    /// SHA-256 of the content in hexadecimal.
    public var sha256: String
    /// When the sender made it, in milliseconds since 1970 by the sender's clock.
    public var createdAtMs: Int64
    /// When the mailbox received it, in milliseconds since 1970.
    public var receivedAtMs: Int64
    /// What its handshake is known by: equal for deposits of one session. Hexadecimal.
    public var handshake: String
    /// Its number within the handshake, from 0.
    public var number: UInt32
    /// SHA-256 of its header in hexadecimal.
    public var headerSHA256: String
    /// Where the content lies.
    public var path: String
    /// Whether it was stored before and perhaps shown, by a process that died before it could note so.
    public var isRepeat: Bool

    private enum CodingKeys: String, CodingKey {
        case id, sender
        case senderProof = "sender_proof"
        case recipient
        case mediaType = "media_type"
        case bytes, sha256
        case createdAtMs = "created_at_ms"
        case receivedAtMs = "received_at_ms"
        case handshake, number
        case headerSHA256 = "header_sha256"
        case path
        case isRepeat = "repeat"
    }

    /// What is known of a deposit before its content is stored.
    package init(
        header: DepositHeader, evidence: SenderEvidence, receivedAt: UTCTime, contentDigest: [UInt8]
    ) {
        let fields = header.fields
        id = fields.id.description
        sender = fields.sender.description
        senderProof = evidence
        recipient = fields.recipient.description
        mediaType = fields.mediaType
        bytes = fields.length
        sha256 = hexadecimal(contentDigest)
        createdAtMs = fields.created.milliseconds
        receivedAtMs = receivedAt.milliseconds
        handshake = Self.handshake(of: header)
        number = fields.number
        headerSHA256 = hexadecimal(header.digest)
        path = ""
        isRepeat = false
    }

    /// What the handshake of a deposit is known by: the ESK is fresh in each.
    static func handshake(of header: DepositHeader) -> String {
        hexadecimal(header.fields.encryptedKeyDigest.prefix(16))
    }
}
