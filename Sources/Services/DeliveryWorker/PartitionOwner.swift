import IdentityBasedEncryption
import Mailbox
import Observability
import Primitives

/// The owner of one partition of all topics. Two processes may believe to be it for a while: the view's compare and set
/// lets only one of them go on, and the other reads the position again.
struct PartitionOwner: Sendable {
    let tools: PartitionTools
    let eraser: Eraser

    private var partition: Int { tools.partition }
    private var mailLog: any MailLog { tools.mailLog }
    private var view: any MailboxView { tools.view }
    private var counters: DeliveryCounters { tools.counters }
    private var configuration: DeliveryConfiguration { tools.configuration }
    private var metrics: DeliveryMetrics { tools.metrics }
    private var log: Log { tools.log }

    /// Works until the task is cancelled. Throws `StoreError` that nobody but an operator can mend.
    func run() async throws {
        let board = PushBoard(tools: tools)
        let ticks = TickKeeper(
            schedule: TickSchedule(lagMs: configuration.compactionLagMs, owningFrom: configuration.now()))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var before = FoldedBefore()
                try await persistently { try await fold(board, ticks, &before) }
            }
            group.addTask { try await persistently { try await expire(ticks) } }
            group.addTask { await board.run() }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Folds record after record. Returns when the view is not where this owner left it: someone else went on.
    private func fold(_ board: PushBoard, _ ticks: TickKeeper, _ before: inout FoldedBefore) async throws {
        let identity = try await mailLog.identity()
        var position = try await startingPosition(identity, &before)
        before.note(position?.next ?? LogPosition())
        if before.isUnknown { before.note(await mailLog.foldedBefore(partition: partition)) }
        let end = try await mailLog.bounds(of: partition).end
        before.forget(beyond: end)
        tools.progress.begin(at: position?.next.envelopes ?? 0, goal: end.envelopes)
        var letters = DeadLetterWriter(partition: partition, mailLog: mailLog)
        var isFoldingAgain = true
        while true {
            try Task.checkCancellation()
            let from = position?.next ?? LogPosition()
            if isFoldingAgain, !before.reaches(beyond: from) {
                try await board.startReachable()
                isFoldingAgain = false
            }
            if !isFoldingAgain, tools.progress.told() { await board.becameCurrent() }
            var batch = try await mailLog.read(
                partition: partition, from: from, limit: configuration.batch, waitingUpTo: .seconds(1))
            let news = before.cut(&batch, from: from)
            metrics.setLag(from, batch.end, of: partition)
            let start = ContinuousClock.now
            if let there = position {
                guard try await canGoOn(from: there, with: batch, of: identity) else { return }
                if batch.records.isEmpty, batch.next == there.next {
                    if isFoldingAgain { before.forget(beyond: try await mailLog.bounds(of: partition).end) }
                    if !isStale(there) { continue }
                }
            }
            await ticks.note(batch.records, now: configuration.now())
            let sorted = FoldBatch(batch.records, partition: partition, partitionCount: mailLog.partitionCount)
            if !sorted.deadLetters.isEmpty {
                guard let claimed = try await claim(position, of: identity) else { return notice(position, nil) }
                position = claimed
                report(try await letters.write(sorted.deadLetters))
            }
            let excerpt = try await view.excerpt(sorted.needs, of: partition)
            guard excerpt.position == position else { return notice(position, excerpt.position) }
            var outcome = sorted.fold(into: excerpt)
            if !news.envelopes { (outcome.receipts, outcome.contradicted) = ([], []) }
            let spans = FoldSpans(outcome, partition: partition, tracer: configuration.tracer)
            // Before the view moves on: made twice they are one, forgotten they are lost.
            try await append(outcome, forwards: news.presence ? sorted.forwards : [])
            let reached = ViewPosition(
                after: position, folding: batch, log: identity, readAt: configuration.now())
            guard try await view.apply(outcome.changes, to: partition, from: position, reaching: reached) else {
                return notice(position, nil)
            }
            position = reached
            before.note(reached.next)
            tools.progress.reached(reached.next.envelopes)
            await eraser.note(outcome.changes)
            metrics.setLag(reached.next, batch.end, of: partition)
            metrics.foldTime.observe(since: start)
            metrics.count(outcome, sorted)
            counters.add { $0.add(outcome, sorted) }
            spans.end()
            if isFoldingAgain { await board.noteAgain(outcome) } else { await board.note(outcome) }
        }
    }

    private func notice(_ mine: ViewPosition?, _ found: ViewPosition?) {
        metrics.viewMoved.add()
        log.info(
            "view moved by another worker",
            [
                "partition": LogValue(partition), "mine": LogValue(mine?.next.envelopes ?? 0),
                "found": LogValue(found?.next.envelopes ?? 0),
            ])
    }

    /// Whether the view is still there, and still fits a log that gave this batch. An owner who is not told by a fold asks: of an
    /// idle partition nobody else would notice that its view was wiped or put back, before somebody needs it.
    private func canGoOn(
        from position: ViewPosition, with batch: LogBatch, of identity: String
    ) async throws -> Bool {
        let isQuiet = batch.records.isEmpty && batch.next == position.next
        if isQuiet {
            let found = try await view.position(of: partition)
            guard found == position else {
                notice(position, found)
                return false
            }
        }
        // The log ends before the view, has lost what the view was to read next, or was not looked at for long.
        let hasSkipped = batch.records.isEmpty && !isQuiet
        guard position.next.isBeyond(batch.end) || hasSkipped || isStale(position) else { return true }
        guard case .discard = try await verdict(on: position, of: identity) else { return true }
        return false
    }

    private func verdict(on position: ViewPosition?, of identity: String) async throws -> ViewVerdict {
        ViewVerdict(position, log: identity, bounds: try await mailLog.bounds(of: partition), now: configuration.now())
    }

    private func startingPosition(_ identity: String, _ before: inout FoldedBefore) async throws -> ViewPosition? {
        let position = try await view.position(of: partition)
        switch try await verdict(on: position, of: identity) {
        case .begin: return nil
        case .goOn(let position): return position
        case .discard(let reason):
            log.warning(
                "view discarded, folding from nothing",
                ["partition": LogValue(partition), "reason": .text(reason.rawValue)])
            metrics.viewDiscarded.add()
            before.forget()
            _ = try await view.discard(partition: partition, at: position)
            return try await view.position(of: partition)
        }
    }

    /// Whether a view at the end of a quiet log should say again that it is: one that has long said nothing would be taken
    /// for older than the log's tombstones, and folded from nothing.
    private func isStale(_ position: ViewPosition) -> Bool {
        position.asOf.advanced(byMilliseconds: 3_600_000) < configuration.now()
    }

    private func append(_ outcome: FoldOutcome, forwards: [FoldBatch.Forward]) async throws {
        var envelopes = outcome.receipts
        // Or compaction would keep a record that does not count, and a rebuilt view would believe it.
        for key in outcome.contradicted {
            var envelope = outcome.held[key]
            if envelope == nil { envelope = try await view.deposit(key, partition: partition)?.envelope }
            if let envelope { envelopes.append(envelope) }
        }
        try await mailLog.append(envelopes)
        for forward in forwards {
            _ = try await mailLog.append([forward.record], to: .presence, partition: forward.partition)
        }
    }

    /// Moves the view by nothing, so that of several owners who have met the same dead letters one alone writes them. None where
    /// another was faster. Whoever folds next finds what was written, or writes it.
    private func claim(_ position: ViewPosition?, of identity: String) async throws -> ViewPosition? {
        // A moment earlier errs on the safe side: the log must have had its tombstones for longer.
        var claimed = position ?? ViewPosition(log: identity, next: LogPosition(), asOf: configuration.now())
        claimed.asOf = claimed.asOf.advanced(byMilliseconds: -1)
        return try await view.apply([], to: partition, from: position, reaching: claimed) ? claimed : nil
    }

    private func report(_ letters: [DeadLetter]) {
        metrics.deadLetters.add(UInt64(letters.count))
        for letter in letters.prefix(10) {
            log.error(
                "record cannot be processed",
                [
                    "partition": LogValue(partition), "offset": LogValue(letter.stored.offset),
                    "topic": .text(letter.stored.topic.name), "fault": .text(letter.fault),
                ])
        }
        guard letters.count > 10 else { return }
        log.error(
            "more records cannot be processed",
            ["partition": LogValue(partition), "count": LogValue(letters.count - 10)])
    }

    /// Lets what is overdue expire, and gives quiet partitions their tick.
    private func expire(_ ticks: TickKeeper) async throws {
        let rule = ExpiryRule()
        var counted: ContinuousClock.Instant?
        while true {
            try await Task.sleep(for: configuration.expiryInterval)
            if counted.map({ ContinuousClock.now - $0 > .seconds(5) }) ?? true {
                metrics.pending[LabelValue(partition)].set(try await view.backlog(of: partition))
                counted = .now
            }
            let now = configuration.now()
            let due = try await view.due(in: partition, by: rule.horizon(now: now), limit: 256)
            let tombstones = due.compactMap { rule.tombstone(for: $0, now: now) }
            try await mailLog.append(tombstones)
            for tombstone in tombstones {
                let id = LogValue(tombstone.key.id)
                log.info("deposit expired", ["deposit": id, "trace_id": id, "partition": LogValue(partition)])
            }
            if await ticks.takeDue(now: now) { try await mailLog.tick(partition: partition) }
        }
    }

    /// Does the work again, with back-off, after what may pass by itself.
    private func persistently(_ work: () async throws -> Void) async throws {
        var pause = Duration.milliseconds(50)
        while true {
            let started = ContinuousClock.now
            do {
                try await work()
            } catch let error as StoreError where error.isTransient || error.kind == .full {
                log.warning("store unavailable", ["partition": LogValue(partition), "detail": .text(error.detail)])
            }
            try Task.checkCancellation()
            pause = ContinuousClock.now - started > .seconds(5) ? .milliseconds(50) : min(pause * 2, .seconds(1))
            try await Task.sleep(for: pause)
        }
    }
}

/// The tick schedule, shared by the tasks of one partition.
actor TickKeeper {
    private var schedule: TickSchedule

    init(schedule: TickSchedule) { self.schedule = schedule }

    func note(_ records: [StoredRecord], now: UTCTime) { schedule.note(records, now: now) }

    /// Whether a tick is due. The tick itself comes back through the log and settles the debt.
    func takeDue(now: UTCTime) -> Bool { schedule.isDue(now: now) }
}
