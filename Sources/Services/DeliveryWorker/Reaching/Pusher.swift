import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC
import Synchronization

private typealias PushCall = Call<PushRequest, PushResponse>

/// Pushes what waits in one mailbox into one recipient's stream, in order, for as long as the front holds it.
///
/// A push is no promise: what the recipient has not acknowledged is pushed again into his next stream.
final class Pusher: Sendable {
    let mailbox: Identity
    let route: Route
    private let partition: Int
    private let mailLog: any MailLog
    private let view: any MailboxView
    private let progress: FoldProgress
    private let configuration: DeliveryConfiguration
    private let counters: DeliveryCounters
    private let metrics: DeliveryMetrics
    private let log: Log
    private let news: Mutex<News>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    private struct News: Sendable {
        /// Answered in this stream.
        var answered: [DepositKey] = []
        /// Over, by whatever way.
        var settled: [DepositKey] = []
        /// Whether the owner may have missed some: another worker folded for a while.
        var mayLackSome = false
        var arrivals: ArrivalQueue
        /// Whether the front has taken the push.
        var isTaken = false
    }

    private enum Sent {
        case whole
        case callIsOver
        case contentIsGone
    }

    init(mailbox: Identity, route: Route, tools: PartitionTools) {
        self.mailbox = mailbox
        self.route = route
        partition = tools.partition
        mailLog = tools.mailLog
        view = tools.view
        progress = tools.progress
        configuration = tools.configuration
        counters = tools.counters
        metrics = tools.metrics
        log = tools.log
        news = Mutex(News(arrivals: ArrivalQueue(limit: configuration.arrivals)))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether the front has taken the push.
    var isTaken: Bool { news.withLock { $0.isTaken } }

    /// Something new waits.
    func arrived(_ deposit: PendingDeposit) {
        news.withLock { $0.arrivals.append(deposit) }
        wake.yield()
    }

    /// A deposit is over.
    func settled(_ key: DepositKey) {
        news.withLock { news in
            news.settled.append(key)
            news.arrivals.remove(key)
        }
        wake.yield()
    }

    /// The owner begins again; what arrived and was settled meanwhile it did not hear.
    func lookAgain() {
        news.withLock { news in
            news.mayLackSome = true
            news.arrivals.fallBehind()
        }
        wake.yield()
    }

    /// The owner has folded all that the log had when it began.
    func becameCurrent() { wake.yield() }

    /// Pushes until the stream is gone or the task is cancelled. Returns how the call ended; nil where the task was cancelled.
    /// - Parameter taken: is called when the front has taken the push.
    func run(over channel: RPCChannel, taken: @escaping @Sendable () -> Void) async -> RPCStatus? {
        do {
            let call = try channel.open(Methods.push)
            defer { call.cancel() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.readOutcomes(call, taken) }
                group.addTask { try await self.push(into: call) }
                group.addTask { try await self.watchFront() }
                // Where sending finds the call over, reading says how.
                while try await group.next() != nil {}
            }
            return nil
        } catch let status as RPCStatus {
            guard !Task.isCancelled else { return nil }
            // The stream closed, or the front went: both are daily life.
            log.debug(
                "push ended", ["recipient": LogValue(mailbox), "front": .text(route.front), "status": LogValue(status)])
            return status
        } catch {
            guard !(error is CancellationError) else { return nil }
            log.warning("push failed", ["recipient": LogValue(mailbox), "reason": .text("\(error)")])
            return RPCStatus(.internal, "\(error)")
        }
    }

    private func readOutcomes(_ call: PushCall, _ taken: @Sendable () -> Void) async throws {
        defer { wake.finish() }
        while let response = try await call.receive() {
            switch response.part {
            case .ready:
                news.withLock { $0.isTaken = true }
                taken()
            case .outcome(let outcome):
                let id = try DepositID(octets: outcome.id)
                news.withLock { $0.answered.append(DepositKey(id: id, mailbox: mailbox)) }
                wake.yield()
            case nil: break
            }
        }
        throw RPCStatus(.aborted, "the front ended the push")
    }

    /// A front that takes connections and no push is as good as dead.
    private func watchFront() async throws {
        try await Task.sleep(for: configuration.pushPatience)
        guard isTaken else { throw RPCStatus(.unavailable, "\(route.front) does not take the push in time") }
    }

    private func push(into call: PushCall) async throws {
        var times = PushTimes(metrics, now: configuration.now)
        let opening = PushOpening(recipient: mailbox.octets, stream: route.stream.octets)
        guard try await call.send(PushRequest(.opening(opening))) else { return }
        var window = PushWindow(limit: configuration.window)
        var saidCaughtUp = false
        var lost: Set<DepositKey> = []
        var awake = wakes.makeAsyncIterator()
        while true {
            try Task.checkCancellation()
            try await takeNews(&window)
            let current = progress.current
            let page = window.hasRoom ? try await waiting(after: window.cursor) : Page()
            let pushes = window.take(page.deposits, now: configuration.now(), passingOver: lost)
            sending: for push in pushes {
                let trace = DepositTrace(push.deposit.envelope.id)
                var span = configuration.tracer.begin("push", .client, in: trace.id, parent: trace.depositSpan)
                span?.attributes = [
                    ("poste.deposit.id", LogValue(push.deposit.envelope.id)), ("poste.partition", LogValue(partition)),
                    ("server.address", .text(route.front)),
                ]
                switch try await send(push, call) {
                case .whole:
                    saidCaughtUp = false
                    configuration.tracer.end(span)
                    times.pushed(push.deposit.envelope)
                    counters.add { counts in
                        if page.isFromRecord { counts.pushedFromRecord += 1 } else { counts.pushedFromView += 1 }
                    }
                case .callIsOver: return
                case .contentIsGone:
                    if try await isWaiting(push.deposit.envelope.key) { lost.insert(push.deposit.envelope.key) }
                    // What follows was to come after this one: begin again, the front drops what it has sent.
                    window = PushWindow(limit: configuration.window)
                    news.withLock { $0.arrivals.fallBehind() }
                    break sending
                }
            }
            guard page.deposits.isEmpty else { continue }
            if page.isAll, !saidCaughtUp, let current, current == progress.current {
                guard try await call.send(PushRequest(.caughtUp(CaughtUp()))) else { return }
                saidCaughtUp = true
                times.caughtUp()
            }
            guard await awake.next() != nil else { return }
        }
    }

    private struct Page {
        var deposits: [PendingDeposit] = []
        var isFromRecord = false
        /// Whether nothing else waits.
        var isAll = false
    }

    /// What waits behind a place in the queue: the next that was folded, where everything before it was pushed, or else what the
    /// view has. Empty where there is nothing.
    private func waiting(after cursor: UInt64?) async throws -> Page {
        let isLevel = news.withLock { news in
            news.arrivals.collect(folded: progress.folded)
            return news.arrivals.isLevel
        }
        if !isLevel {
            let page = try await view.pending(
                in: mailbox, partition: partition, after: cursor, limit: configuration.pending)
            guard page.deposits.isEmpty else { return Page(deposits: page.deposits) }
            // Where it reaches less far, its owner notices that soon, and has all look again.
            news.withLock { $0.arrivals.viewHasNothingMore(upTo: page.position?.next.envelopes ?? 0) }
        }
        return news.withLock { news in
            guard news.arrivals.isLevel else { return Page() }
            guard let next = news.arrivals.next() else { return Page(isAll: true) }
            return Page(deposits: [next], isFromRecord: true)
        }
    }

    /// Whether a deposit whose content is gone still waits. If so it cannot be delivered, and must not hold up the others.
    private func isWaiting(_ key: DepositKey) async throws -> Bool {
        guard try await view.deposit(key, partition: partition) != nil else { return false }
        metrics.contentsLost.add()
        log.error(
            "content lost, deposit passed over", ["deposit": LogValue(key.id), "partition": LogValue(partition)])
        return true
    }

    private func takeNews(_ window: inout PushWindow) async throws {
        let (answered, settled, mayLackSome) = news.withLock { news in
            defer { (news.answered, news.settled, news.mayLackSome) = ([], [], false) }
            return (news.answered, news.settled, news.mayLackSome)
        }
        for key in answered { window.settle(key) }
        for key in settled { window.forget(key) }
        guard mayLackSome else { return }
        for key in window.unanswered {
            if try await view.deposit(key, partition: partition) == nil { window.forget(key) }
        }
    }

    /// Sends one deposit with its chunks.
    private func send(_ push: PushWindow.Push, _ call: PushCall) async throws -> Sent {
        let envelope = push.deposit.envelope
        let message = PushDeposit(
            envelope: envelope.octets, offset: push.deposit.offset,
            before: push.after.map { PushedBefore(offset: $0) })
        guard case .run(let run) = envelope.place else {
            return try await call.send(PushRequest(.deposit(message))) ? .whole : .callIsOver
        }
        var sent = 0
        while UInt64(sent) < run.recordCount {
            guard let chunks = try await chunks(of: envelope.key, run, after: sent) else { return .contentIsGone }
            guard !chunks.isEmpty else { break }
            if sent == 0, !(try await call.send(PushRequest(.deposit(message)))) { return .callIsOver }
            for chunk in chunks {
                guard try await call.send(PushRequest(.chunk(chunk))) else { return .callIsOver }
            }
            sent += chunks.count
        }
        return .whole
    }

    /// The next chunks of a content; none where it is gone before its first was sent.
    private func chunks(of key: DepositKey, _ run: ContentRun, after sent: Int) async throws(StoreError) -> [[UInt8]]? {
        do {
            return try await mailLog.contents(run, of: key, skipping: sent, limit: configuration.page)
        } catch {
            guard error.kind == .gone, sent == 0 else { throw error }
            return nil
        }
    }
}
