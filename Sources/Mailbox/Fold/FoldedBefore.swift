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

    /// Whether anything behind a position was folded before. A view that reaches no farther does not yet have what came of it:
    /// much of what waits in it is over.
    public func reaches(beyond position: LogPosition) -> Bool { reached.isBeyond(position) }

    /// A view of this log was seen to reach up to a position.
    public mutating func note(_ position: LogPosition) {
        reached.envelopes = max(reached.envelopes, position.envelopes)
        reached.presence = max(reached.presence, position.presence)
    }

    /// The log may not be what it was.
    public mutating func forget() { reached = LogPosition() }

    /// A log that ends before what was folded has lost records: others may be in their place. By the log's own word
    /// (`MailLog.bounds`): the end that a batch knows of may lie before the log's.
    public mutating func forget(beyond end: LogPosition) {
        if reached.isBeyond(end) { forget() }
    }

    /// Cuts a batch that was read from a position so that of each topic it holds what was folded before or what was not, and
    /// tells which.
    public func cut(_ batch: inout LogBatch, from position: LogPosition) -> News {
        News(
            envelopes: cut(&batch, from: position, .envelopes, \.envelopes),
            presence: cut(&batch, from: position, .presence, \.presence))
    }

    /// The same of one topic; whether what is left of it is new.
    private func cut(
        _ batch: inout LogBatch, from position: LogPosition, _ topic: LogTopic, _ part: WritableKeyPath<LogPosition, UInt64>
    ) -> Bool {
        let end = reached[keyPath: part]
        guard batch.next[keyPath: part] > end else { return false }
        guard position[keyPath: part] < end else { return true }
        batch.next[keyPath: part] = end
        batch.records.removeAll { $0.topic == topic && $0.offset >= end }
        return false
    }
}
