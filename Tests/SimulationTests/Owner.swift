import IdentityBasedEncryption
import Mailbox
import Primitives

/// A worker that believes that it owns the partition. It does one small step at a time, so that two of them interleave
/// anywhere.
struct Owner {
    private struct Folding {
        let from: ViewPosition?
        let reaching: ViewPosition
        let outcome: FoldOutcome
    }

    /// How far its clock is off, in ms.
    var skew: Int64 = 0
    var windows: [StreamID: PushWindow] = [:]
    private var folding: Folding?
    private var before = FoldedBefore()

    /// A push on its way to a front.
    struct Push {
        let owner: Int
        let stream: StreamID
        let push: PushWindow.Push
    }

    mutating func crash() {
        windows = [:]
        folding = nil
        before = FoldedBefore()
    }

    /// Folds a little: reads and decides in one step, applies in another. Returns whether there was anything to do.
    mutating func fold(_ log: inout SimulatedLog, _ view: inout SimulatedView, now: Int64, limit: Int) -> Bool {
        if let step = folding {
            folding = nil
            if view.apply(step.outcome.changes, from: step.from, reaching: step.reaching) {
                before.note(step.reaching.next)
                for key in step.outcome.settled {
                    for stream in windows.keys { windows[stream]?.forget(key) }
                }
            }
            return true
        }
        let clock = UTCTime(milliseconds: now + skew)
        let position = view.position
        switch ViewVerdict(position, log: "log", bounds: log.bounds, now: clock) {
        case .discard:
            _ = view.discard(at: position)
            before.forget()
            return true
        case .begin, .goOn:
            before.note(position?.next ?? LogPosition())
            before.forget(beyond: log.bounds.end)
            var batch = log.read(from: position?.next ?? LogPosition(), limit: limit)
            let news = before.cut(&batch, from: position?.next ?? LogPosition())
            guard !batch.records.isEmpty || position?.next != batch.next else { return false }
            let records = FoldBatch(batch.records, partition: 0, partitionCount: 1)
            let excerpt = view.excerpt(records.needs)
            guard excerpt.position == position else { return true }
            let outcome = records.fold(into: excerpt)
            if news.envelopes {
                for receipt in outcome.receipts { log.append(.envelope(receipt), now: now) }
                for key in outcome.contradicted {
                    let waiting = outcome.held[key] ?? view.deposits[key]?.envelope
                    if let envelope = waiting { log.append(.envelope(envelope), now: now) }
                }
            }
            folding = Folding(
                from: position,
                reaching: ViewPosition(after: position, folding: batch, log: "log", readAt: clock),
                outcome: outcome)
            return true
        }
    }

    func expire(_ log: inout SimulatedLog, _ view: SimulatedView, now: Int64) {
        let clock = UTCTime(milliseconds: now + skew)
        let rule = ExpiryRule()
        for deposit in view.due(by: rule.horizon(now: clock)) {
            if let tombstone = rule.tombstone(for: deposit, now: clock) { log.append(.tombstone(tombstone), now: now) }
        }
    }

    mutating func push(to mailbox: Identity, _ view: SimulatedView, now: Int64, as owner: Int) -> [Push] {
        guard !before.reaches(beyond: view.position?.next ?? LogPosition()),
            let route = view.route(to: mailbox, now: now + skew)
        else { return [] }
        var window = windows[route.stream] ?? PushWindow(limit: PageLimit(count: 3))
        let waiting = view.pending(in: mailbox, after: window.cursor, limit: 4)
        let pushes = window.take(waiting, now: UTCTime(milliseconds: now + skew))
        windows[route.stream] = window
        return pushes.map { Push(owner: owner, stream: route.stream, push: $0) }
    }
}
