import Primitives

/// When a deposit whose lifetime has passed gets its tombstone.
public struct ExpiryRule: Sendable, Hashable {
    /// How long after its lifetime, in ms: the difference of clocks that must not cost a deposit a part of its
    /// lifetime.
    public var graceMs: Int64

    /// A rule with its grace.
    public init(graceMs: Int64 = 0) { self.graceMs = graceMs }

    /// Deposits that expired by this moment are due, by `MailboxView.due`.
    public func horizon(now: UTCTime) -> UTCTime { now.adding(milliseconds: -graceMs) }

    /// The tombstone of a deposit that is due; none where it is not.
    public func tombstone(for deposit: KnownDeposit, now: UTCTime) -> Tombstone? {
        guard deposit.expiresAt <= horizon(now: now) else { return nil }
        return Tombstone(key: deposit.key, reason: .expired, at: now)
    }
}

/// When a partition needs a tick: after a tombstone, once nothing was appended for as long as the log's compaction
/// lags. Without it the key of the last mail in a quiet partition would stay for ever.
public struct TickSchedule: Sendable, Hashable {
    /// The log's compaction lag, in ms.
    public let lagMs: Int64
    private var lastRecord: UTCTime?
    private var owesTick: Bool

    /// A schedule for a partition. Whoever begins to own it does not know whether its last tombstone was followed by a
    /// tick, and so owes one.
    public init(lagMs: Int64, owningFrom now: UTCTime) {
        self.lagMs = lagMs
        lastRecord = now
        owesTick = true
    }

    /// Takes note of records of the envelopes topic.
    public mutating func note(_ records: [StoredRecord], now: UTCTime) {
        for stored in records where stored.topic == .envelopes {
            lastRecord = max(lastRecord ?? now, now)
            if stored.record.key == EnvelopeRecord.tickKey {
                owesTick = false
            } else if stored.record.value == nil {
                owesTick = true
            }
        }
    }

    /// Whether a tick is due.
    public func isDue(now: UTCTime) -> Bool {
        guard owesTick, let lastRecord else { return false }
        return lastRecord.adding(milliseconds: lagMs) <= now
    }
}
