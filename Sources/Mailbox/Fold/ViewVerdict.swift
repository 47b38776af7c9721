import Primitives

/// Whether a view can be folded on, or must be thrown away and folded from nothing.
public enum ViewVerdict: Sendable, Hashable {
    /// There is none: fold from the first record.
    case begin
    /// Fold on from its position.
    case goOn(ViewPosition)
    /// Throw it away, for this reason, and fold from the first record.
    case discard(Reason)

    /// Why a view is worth nothing.
    public enum Reason: String, Sendable, Hashable {
        /// It was made from another log.
        case otherLog
        /// Its position lies beyond the end of the log.
        case aheadOfLog
        /// Its position lies before the first record kept.
        case behindLog
        /// Tombstones that it has not seen may be gone.
        case olderThanTombstones
    }

    /// How far clocks may be apart, and how slow a worker may be, in ms: a view counts as older than tombstones by so
    /// much earlier.
    static let marginMs: Int64 = 86_400_000

    /// Judges a view.
    /// - Parameters:
    ///   - position: its position, or none.
    ///   - log: the log's identity.
    ///   - bounds: what of the partition the log has.
    ///   - tombstonesKeptMs: how long the log keeps tombstones at least, in ms; a week by default.
    public init(
        _ position: ViewPosition?, log: String, bounds: LogBounds, now: UTCTime,
        tombstonesKeptMs: Int64 = 604_800_000
    ) {
        guard let position else {
            self = .begin
            return
        }
        let margin = min(Self.marginMs, tombstonesKeptMs / 2)
        let isOld = position.asOf.adding(milliseconds: tombstonesKeptMs - margin) < now
        if position.log != log {
            self = .discard(.otherLog)
        } else if position.next.isBeyond(bounds.end) {
            self = .discard(.aheadOfLog)
        } else if position.next.envelopes < bounds.start.envelopes {
            self = .discard(.behindLog)
        } else if isOld, position.next.envelopes < bounds.end.envelopes {
            self = .discard(.olderThanTombstones)
        } else {
            self = .goOn(position)
        }
    }
}

extension ViewPosition {
    /// The position after a batch was folded.
    /// - Parameters:
    ///   - position: the position before it, or none.
    ///   - readAt: when the batch was read.
    public init(after position: ViewPosition?, folding batch: LogBatch, log: String, readAt: UTCTime) {
        // A fold from nothing sees every tombstone that the log has when it begins, old as its first records may be: it
        // has as long from then on to reach the end.
        var asOf = position?.asOf ?? readAt
        if let latest = batch.records.map(\.time).max() { asOf = max(asOf, latest) }
        if batch.reachesEnd { asOf = max(asOf, readAt) }
        self.init(log: log, next: batch.next, asOf: asOf)
    }
}
