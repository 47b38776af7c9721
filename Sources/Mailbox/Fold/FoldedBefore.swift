/// How far a partition has been folded before, as far as its owner knows, also where the view was wiped or put back since.
///
/// Whoever folds records appends what they ask for (receipts, envelopes again, presence that belongs elsewhere) before the view
/// moves past them. So up to where a view was ever seen to reach, that is in the log. Done again it does no harm, but each
/// receipt would go to its sender once more: a rebuild would cost more the more had happened.
public struct FoldedBefore: Sendable {
    private var reached = LogPosition()

    /// Which records of a batch may ask for something that is not in the log yet.
    public struct News: Sendable, Hashable {
        /// Those of the envelopes topic.
        public var envelopes: Bool
        /// Those of the presence topic.
        public var presence: Bool
    }

    /// Nothing is known.
    public init() {}

    /// Whether nothing is known.
    public var isUnknown: Bool { reached == LogPosition() }

    /// A view of this log was seen to reach up to a position.
    public mutating func note(_ position: LogPosition) {
        reached.envelopes = max(reached.envelopes, position.envelopes)
        reached.presence = max(reached.presence, position.presence)
    }

    /// The log may not be what it was.
    public mutating func forget() { reached = LogPosition() }

    /// Cuts a batch that was read from a position so that of each topic it holds what was folded before or what was not, and
    /// tells which. A log that ends before what was folded has lost records: others may be in their place.
    public mutating func cut(_ batch: inout LogBatch, from position: LogPosition) -> News {
        if reached.isBeyond(batch.end) { forget() }
        if position.envelopes < reached.envelopes, batch.next.envelopes > reached.envelopes {
            batch.next.envelopes = reached.envelopes
            batch.records.removeAll { $0.topic == .envelopes && $0.offset >= reached.envelopes }
        }
        if position.presence < reached.presence, batch.next.presence > reached.presence {
            batch.next.presence = reached.presence
            batch.records.removeAll { $0.topic == .presence && $0.offset >= reached.presence }
        }
        return News(
            envelopes: batch.next.envelopes > reached.envelopes, presence: batch.next.presence > reached.presence)
    }
}
