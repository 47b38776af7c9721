import IdentityBasedEncryption
import Primitives

/// What a recipient hears as he receives.
public enum ReceiveEvent: Sendable, Hashable {
    /// A deposit was checked and stored. It is acknowledged when the hearer returns.
    case deposit(ReceivedDeposit)
    /// A deposit of one's own was acknowledged by its recipient.
    case receipt(DeliveryReceipt)
    /// How many octets of the content of a deposit have come.
    case progress(id: String, received: UInt64, total: UInt64)
    /// A delivery was wrong and was refused: the mailbox does not send it again.
    case refused(id: String, reason: String)
    /// A delivery cannot be judged now, and comes again in the next stream.
    case left(reason: String)
    /// All that was waiting has come.
    case caughtUp
    /// The stream broke, and another is opened after a pause.
    case reconnecting(reason: String, pause: Duration)
}

/// That a recipient has acknowledged a deposit: the mailbox's word.
public struct DeliveryReceipt: Codable, Sendable, Hashable {
    /// The deposit id in hexadecimal.
    public var id: String
    /// Who acknowledged it.
    public var recipient: String
    /// When, in milliseconds since 1970 by the mailbox's clock.
    public var acknowledgedAtMs: Int64

    private enum CodingKeys: String, CodingKey {
        case id, recipient
        case acknowledgedAtMs = "acknowledged_at_ms"
    }
}

/// What came of receiving.
public struct ReceiveSummary: Sendable, Hashable {
    /// Deposits that were new to the application, and are acknowledged.
    public var deposits = 0
    /// Delivery receipts taken.
    public var receipts = 0
    /// Deliveries refused.
    public var refused = 0
    /// Deliveries of the last stream that could not be judged.
    public var left = 0
}

/// How to receive.
public struct ReceiveOptions: Sendable {
    /// Whether to stay after all has come, and take what comes later.
    public var follows = false
    /// How long to wait for the mailbox to say that it has the last acknowledgements, and for deliveries that cannot be
    /// judged to be all that is left.
    public var settleLimit = Duration.seconds(10)
    /// Hears, each time that the mailbox has said that its log has an acknowledgement or a refusal, how long that took.
    /// Must not block.
    public var settled: @Sendable (Duration) -> Void = { _ in }

    /// The defaults: until all has come.
    public init() {}
}
