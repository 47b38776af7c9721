import Primitives

/// A deposit that the mailbox has, as its sender knows it.
public struct SentDeposit: Codable, Sendable, Hashable {
    /// The deposit id in hexadecimal, 32 digits.
    public var id: String
    /// The sender's URI.
    public var sender: String
    /// The recipient's URI.
    public var recipient: String
    /// The media type.
    public var mediaType: String
    /// Octets of the content.
    public var bytes: UInt64
    /// SHA-256 of the content in hexadecimal.
    public var sha256: String
    /// When the mailbox received it, in milliseconds since 1970 by its clock.
    public var receivedAtMs: Int64
    /// Until when it waits for its recipient, in milliseconds since 1970.
    public var expiresAtMs: Int64
    /// The address of the front that took it.
    public var front: String
    /// How many attempts it took.
    public var attempts: Int

    private enum CodingKeys: String, CodingKey {
        case id, sender, recipient
        case mediaType = "media_type"
        case bytes, sha256
        case receivedAtMs = "received_at_ms"
        case expiresAtMs = "expires_at_ms"
        case front, attempts
    }
}

/// How a deposit is made.
public struct DepositOptions: Sendable {
    /// The media type of the content: 1 to 255 octets of 20 … 7e hex.
    public var mediaType = MediaType.unknown
    /// How long it may wait for its recipient, in seconds, at least 1.
    public var lifetimeSeconds: UInt32 = 7 * 86_400
    /// Whether the sender wants to be told when the recipient has it.
    public var wantsReceipt = false
    /// Octets of content in a chunk, 1 to 2^20.
    public var chunkSize: UInt32 = 65_536

    /// The defaults.
    public init() {}
}
