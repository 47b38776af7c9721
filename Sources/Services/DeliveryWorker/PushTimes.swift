import Mailbox
import Primitives

/// Counts the pushes to one recipient, and how long he waited for them.
struct PushTimes {
    private let metrics: DeliveryMetrics
    private let now: @Sendable () -> UTCTime
    private let start = ContinuousClock.now
    private let reachable: UTCTime
    private var isFirst = true
    private var hasCaughtUp = false

    /// The recipient can be reached from now on.
    init(_ metrics: DeliveryMetrics, now: @escaping @Sendable () -> UTCTime) {
        self.metrics = metrics
        self.now = now
        reachable = now()
    }

    /// A deposit went to the front, whole.
    mutating func pushed(_ envelope: Envelope) {
        metrics.pushes.add()
        metrics.pushedOctets.add(envelope.ciphertextLength)
        // By the wall clocks of two machines: what the front received later than he came is counted from there.
        let since = max(envelope.receivedAt, reachable)
        metrics.pushWait.observe(.milliseconds(now().milliseconds - since.milliseconds))
        if isFirst, !hasCaughtUp { metrics.firstPush.observe(since: start) }
        isFirst = false
    }

    /// All that waited was pushed.
    mutating func caughtUp() {
        if !hasCaughtUp, !isFirst { metrics.catchUp.observe(since: start) }
        hasCaughtUp = true
    }
}
