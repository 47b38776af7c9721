import Mailbox
import Observability
import Synchronization

/// What a delivery worker has done since it began, by kind.
public struct DeliveryCounts: Sendable, Hashable {
    /// Records folded, and those of the fold that were passed over.
    public var fold = FoldOutcome.Counts()
    /// Presence events and renewals that cannot be read, or are for nobody here.
    public var malformedPresence = 0
    /// Presence events sent on to the partition of their mailbox.
    public var forwardedPresence = 0
    /// Records set aside as dead letters, of all topics.
    public var deadLetters = 0
    /// Deposits pushed as they were folded, without a second read.
    public var pushedFromRecord = 0
    /// Deposits pushed from the view.
    public var pushedFromView = 0
    /// Pushes that ended otherwise than with their stream.
    public var pushesBroken = 0
    /// Contacts dialled.
    public var dials = 0
    /// Contacts that proved themselves.
    public var dialsOpen = 0
    /// Contacts where nobody answered.
    public var dialsUnreachable = 0
    /// Contacts where somebody else answered.
    public var dialsNotProven = 0
    /// Dials for which there was no front.
    public var dialsWithoutFront = 0
    /// Contacts that are no HOST:PORT.
    public var unusableContacts = 0

    /// Nothing yet.
    public init() {}

    /// All counts by their names, for logs and metrics.
    public var all: [(name: String, count: Int)] {
        [
            ("folded", fold.folded), ("envelopes", fold.envelopes), ("acknowledged", fold.acknowledged),
            ("refused", fold.refused), ("expired", fold.expired), ("open", fold.open), ("closed", fold.closed),
            ("renewals", fold.renewals), ("duplicates", fold.duplicates),
            ("unknown_tombstones", fold.unknownTombstones), ("early_expiries", fold.earlyExpiries),
            ("stale_presence", fold.stalePresence), ("repeated_presence", fold.repeatedPresence),
            ("future_presence", fold.futurePresence), ("malformed_presence", malformedPresence),
            ("forwarded_presence", forwardedPresence), ("dead_letters", deadLetters),
            ("pushed_from_record", pushedFromRecord), ("pushed_from_view", pushedFromView),
            ("pushes_broken", pushesBroken), ("dials", dials), ("dials_open", dialsOpen),
            ("dials_unreachable", dialsUnreachable), ("dials_not_proven", dialsNotProven),
            ("dials_without_front", dialsWithoutFront), ("unusable_contacts", unusableContacts),
        ]
    }

    mutating func add(_ outcome: FoldOutcome, _ batch: FoldBatch) {
        fold.add(outcome.counts)
        malformedPresence += batch.deadLetters.filter { $0.stored.topic == .presence }.count
        forwardedPresence += batch.forwards.count
        deadLetters += batch.deadLetters.count
    }
}

extension FoldOutcome.Counts {
    fileprivate mutating func add(_ other: FoldOutcome.Counts) {
        folded += other.folded
        envelopes += other.envelopes
        acknowledged += other.acknowledged
        refused += other.refused
        expired += other.expired
        open += other.open
        closed += other.closed
        renewals += other.renewals
        duplicates += other.duplicates
        unknownTombstones += other.unknownTombstones
        earlyExpiries += other.earlyExpiries
        stalePresence += other.stalePresence
        repeatedPresence += other.repeatedPresence
        futurePresence += other.futurePresence
    }
}

/// The counts, for all tasks of a worker.
final class DeliveryCounters: Sendable {
    private let counts = Mutex(DeliveryCounts())

    var now: DeliveryCounts { counts.withLock { $0 } }

    func add(_ change: (inout DeliveryCounts) -> Void) { counts.withLock { change(&$0) } }
}
