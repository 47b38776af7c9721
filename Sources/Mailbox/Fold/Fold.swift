import IdentityBasedEncryption
import Primitives

/// What comes of folding records into what the view knows.
public struct FoldOutcome: Sendable, Hashable {
    /// The changes, in order. Apply them with the new position, in one step.
    public var changes: [ViewChange] = []
    /// Delivery receipts that are due. Append them to the log before the changes are applied: a receipt made twice is
    /// one, a receipt forgotten is lost.
    public var receipts: [Envelope] = []
    /// Deposits that now wait, in order: whoever is online gets them from here, with no second read.
    public var arrived: [PendingDeposit] = []
    /// The envelopes that this batch brings or changes, of deposits that still wait after it.
    public var held: [DepositKey: Envelope] = [:]
    /// Deposits that are over.
    public var settled: [DepositKey] = []
    /// Deposits that wait though the last record of their key is not theirs: a late tombstone of an earlier deposit of
    /// this id, or a copy that does not count. Append the envelopes that the view has of them again before the changes
    /// are applied (as the changes leave them: from `held`, or else from the view), or compaction keeps only that
    /// record and a rebuilt view knows no better.
    public var contradicted: [DepositKey] = []
    /// Mailboxes that can now be reached, by a route or a contact; also those that have a contact and something new.
    public var reachable: Set<Identity> = []
    /// What was folded and passed over, for the metrics.
    public var counts = Counts()

    /// What was folded, by kind, and what of it was passed over.
    public struct Counts: Sendable, Hashable {
        /// Envelopes.
        public var envelopes = 0
        /// Tombstones of what its recipient has.
        public var acknowledged = 0
        /// Tombstones of what its recipient refused.
        public var refused = 0
        /// Tombstones of what has expired.
        public var expired = 0
        /// Presence events that say open.
        public var open = 0
        /// Presence events that say closed.
        public var closed = 0
        /// What fronts said of their streams.
        public var renewals = 0
        /// Envelopes of a deposit that waits already.
        public var duplicates = 0
        /// Tombstones of what does not wait.
        public var unknownTombstones = 0
        /// Tombstones of an expiry that the waiting deposit has not reached.
        public var earlyExpiries = 0
        /// Presence events older than what is known, or than an hour.
        public var stalePresence = 0
        /// Presence events of the same moment as what is known.
        public var repeatedPresence = 0
        /// Presence events from the future: more than 600 s ahead of the log.
        public var futurePresence = 0
        /// Records folded, of all kinds.
        public var folded = 0

        /// Nothing yet.
        public init() {}
    }
}

extension FoldBatch {
    /// Folds the batch into an excerpt of the view.
    ///
    /// It knows no clock: whatever counts is in the records, so that everyone who folds the same records makes the same
    /// view.
    /// - Parameter excerpt: what the view answered to `needs`, at the position that the batch begins at.
    public func fold(into excerpt: ViewExcerpt) -> FoldOutcome {
        var fold = Fold(excerpt)
        for step in steps { fold.take(step) }
        return fold.finish()
    }
}

private struct Fold {
    private var deposits: [DepositKey: KnownDeposit]
    private var usage: [Identity: MailboxUsage]
    private var presence: [Identity: Presence]
    private var touched: Set<Identity> = []
    private var arrivals: [DepositKey: PendingDeposit] = [:]
    private var replacements: [DepositKey: PendingDeposit] = [:]
    private var outcome = FoldOutcome()

    init(_ excerpt: ViewExcerpt) {
        deposits = excerpt.deposits
        usage = excerpt.usage
        presence = excerpt.presence
    }

    mutating func take(_ step: FoldBatch.Step) {
        outcome.counts.folded += 1
        switch step {
        case .envelope(let deposit):
            outcome.counts.envelopes += 1
            take(deposit)
        case .tombstone(let tombstone):
            count(tombstone.reason)
            take(tombstone)
        case .presence(let event, let time):
            if event.isOpen { outcome.counts.open += 1 } else { outcome.counts.closed += 1 }
            take(event, at: time)
        case .routes(let renewal, let time):
            outcome.counts.renewals += 1
            take(renewal, at: time)
        }
    }

    private mutating func count(_ reason: Tombstone.Reason) {
        switch reason {
        case .acknowledged: outcome.counts.acknowledged += 1
        case .refused: outcome.counts.refused += 1
        case .expired: outcome.counts.expired += 1
        }
    }

    private mutating func take(_ deposit: PendingDeposit) {
        let known = deposit.known
        if let first = deposits[known.key] {
            // The first counts, as long as its lifetime runs.
            guard deposit.envelope.receivedAt >= first.expiresAt else {
                takeCopy(deposit, of: first)
                return
            }
            remove(first)
        }
        deposits[known.key] = known
        arrivals[known.key] = deposit
        touched.insert(known.key.mailbox)
        usage[known.key.mailbox, default: MailboxUsage()].count += 1
        let (octets, overflow) = usage[known.key.mailbox, default: MailboxUsage()].octets
            .addingReportingOverflow(known.octets)
        usage[known.key.mailbox]?.octets = overflow ? .max : octets
    }

    /// A sender who lost the receipt and asked again while the view lagged was promised twice: the later promise holds,
    /// in the first one's place.
    private mutating func takeCopy(_ copy: PendingDeposit, of first: KnownDeposit) {
        outcome.counts.duplicates += 1
        let known = copy.known
        guard known.headerDigest == first.headerDigest, known.expiresAt >= first.expiresAt else {
            outcome.contradicted.append(first.key)
            return
        }
        guard known.expiresAt > first.expiresAt else { return }
        let moved = PendingDeposit(offset: first.offset, envelope: copy.envelope)
        deposits[first.key] = moved.known
        if arrivals[first.key] != nil { arrivals[first.key] = moved } else { replacements[first.key] = moved }
    }

    private mutating func take(_ tombstone: Tombstone) {
        guard let known = deposits[tombstone.key] else {
            outcome.counts.unknownTombstones += 1
            return
        }
        // A late word about an earlier deposit of this id must not end the one that waits.
        if tombstone.reason == .expired, known.expiresAt > tombstone.at {
            outcome.counts.earlyExpiries += 1
            outcome.contradicted.append(known.key)
            return
        }
        remove(known)
        outcome.settled.append(known.key)
        guard tombstone.reason == .acknowledged, let sender = known.receiptTo else { return }
        let header = ReceiptHeader(
            deposit: known.key.id, recipient: known.key.mailbox, acknowledgedAt: tombstone.at)
        // A sender without a mailbox cannot be told.
        if let receipt = try? Envelope(receipt: header, to: sender, receivedAt: header.acknowledgedAt) {
            outcome.receipts.append(receipt)
        }
    }

    private mutating func remove(_ known: KnownDeposit) {
        deposits[known.key] = nil
        touched.insert(known.key.mailbox)
        var left = usage[known.key.mailbox] ?? MailboxUsage()
        left.count -= min(left.count, 1)
        left.octets -= min(left.octets, known.octets)
        if left.count == 0 { left.octets = 0 }
        usage[known.key.mailbox] = left
        replacements[known.key] = nil
        // What came and went within the batch leaves no trace in the view.
        if arrivals.removeValue(forKey: known.key) == nil { outcome.changes.append(.remove(known)) }
    }

    private mutating func take(_ event: PresenceEvent, at time: UTCTime) {
        let moment = event.timestamp ?? time
        guard moment <= time.adding(milliseconds: 600_000) else {
            outcome.counts.futurePresence += 1
            return
        }
        let expiresAt = time.adding(milliseconds: Presence.lifetimeMs)
        guard moment.adding(milliseconds: Presence.lifetimeMs) > time else {
            outcome.counts.stalePresence += 1
            return
        }
        if let known = presence[event.entity], known.expiresAt > time, known.timestamp >= moment {
            if known.timestamp == moment {
                outcome.counts.repeatedPresence += 1
            } else {
                outcome.counts.stalePresence += 1
            }
            return
        }
        let now = Presence(
            isOpen: event.isOpen, contact: event.isOpen ? event.contact : nil, timestamp: moment,
            expiresAt: expiresAt)
        presence[event.entity] = now
        outcome.changes.append(.presence(event.entity, now))
        if now.isOpen { outcome.reachable.insert(event.entity) }
    }

    private mutating func take(_ renewal: RouteRenewal, at time: UTCTime) {
        let expiresAt = time.adding(milliseconds: renewal.leaseMs)
        for stream in renewal.open {
            let route = Route(
                front: renewal.front, stream: stream.stream, openedAt: stream.openedAt, expiresAt: expiresAt)
            outcome.changes.append(.route(stream.entity, route))
            outcome.reachable.insert(stream.entity)
        }
        for stream in renewal.closed { outcome.changes.append(.removeRoute(stream.entity, stream.stream)) }
    }

    mutating func finish() -> FoldOutcome {
        outcome.arrived = arrivals.values.sorted { $0.offset < $1.offset }
        outcome.changes.append(contentsOf: outcome.arrived.map(ViewChange.insert))
        // Whether the contact still counts only who looks at the clock can say.
        for mailbox in Set(outcome.arrived.map(\.envelope.mailbox)) {
            guard let known = presence[mailbox], known.isOpen, known.contact != nil else { continue }
            outcome.reachable.insert(mailbox)
        }
        let replaced = replacements.values.sorted { $0.offset < $1.offset }
        outcome.changes.append(contentsOf: replaced.map(ViewChange.insert))
        for deposit in outcome.arrived + replaced { outcome.held[deposit.envelope.key] = deposit.envelope }
        outcome.contradicted.removeAll { deposits[$0] == nil }
        for mailbox in touched.sorted(by: { $0.octets.lexicographicallyPrecedes($1.octets) }) {
            outcome.changes.append(.usage(mailbox, usage[mailbox] ?? MailboxUsage()))
        }
        return outcome
    }
}
