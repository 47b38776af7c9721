import IdentityBasedEncryption
import Mailbox
import Observability
import Primitives
import RPC
import Synchronization

/// What all who work for the owner of a partition share.
struct PartitionTools: Sendable {
    let partition: Int
    let mailLog: any MailLog
    let view: any MailboxView
    let progress: FoldProgress
    let channels: FrontChannels
    let dialler: Dialler
    /// Of all partitions: for those who look where to push, until the front has taken the push.
    let starts: Limiter
    let configuration: DeliveryConfiguration
    let counters: DeliveryCounters
    let metrics: DeliveryMetrics
    let log: Log
}

/// Looks after one recipient, as long as there is something to do for him: pushes into his latest stream, tries another where that
/// fails, and has his contact dialled where he has mail and no stream.
final class Attendant: Sendable {
    let mailbox: Identity
    private let tools: PartitionTools
    private let signal = Signal()
    private let state = Mutex(State())

    private struct State {
        var pusher: Pusher?
        var hasSettled = false
    }

    init(mailbox: Identity, tools: PartitionTools) {
        self.mailbox = mailbox
        self.tools = tools
    }

    // News, from the board

    /// The stream that is being pushed into.
    var stream: StreamID? { state.withLock { $0.pusher?.route.stream } }

    /// Whether there is news that it has not looked at.
    var hasNews: Bool { signal.isRaised }

    /// He can be reached in another way.
    func nudge() { signal.raise() }

    /// Something new waits.
    func arrived(_ deposit: PendingDeposit) { state.withLock { $0.pusher }?.arrived(deposit) }

    /// A deposit is over.
    func settled(_ key: DepositKey) {
        let pusher = state.withLock { state in
            state.hasSettled = true
            return state.pusher
        }
        pusher?.settled(key)
    }

    /// The owner begins again; what happened meanwhile it did not hear.
    func lookAgain() {
        state.withLock { $0.pusher }?.lookAgain()
        signal.raise()
    }

    /// The owner has folded all that the log had when it began.
    func becameCurrent() { state.withLock { $0.pusher }?.becameCurrent() }

    // The work

    /// Works until `mayLeave` agrees that nothing is left to do, or the task is cancelled.
    func run(after delay: Duration, mayLeave: @Sendable (Attendant) async -> Bool) async {
        var schedule = ReachSchedule()
        try? await Task.sleep(for: delay)
        while !Task.isCancelled {
            guard let place = try? await tools.starts.place() else { break }
            // What it hears from here on it has not looked at.
            signal.clear()
            let step: ReachSchedule.Step?
            do {
                step = try await decide(&schedule)
            } catch {
                place.leave()
                tools.log.warning("view not read", ["recipient": LogValue(mailbox), "reason": .text("\(error)")])
                try? await Task.sleep(for: .milliseconds(Int.random(in: 100...500)))
                continue
            }
            if case .push = step {} else { place.leave() }
            switch step {
            case .push(let route): await push(route, &schedule, place)
            case .dial(let contact, let timestamp): await dial(contact, timestamp, &schedule)
            case .wait(let deadline): await signal.wait(until: deadline)
            case nil: if await mayLeave(self) { return }
            }
        }
        _ = await mayLeave(self)
    }

    private func decide(_ schedule: inout ReachSchedule) async throws(StoreError) -> ReachSchedule.Step? {
        let hasSettled = state.withLock { state in
            defer { state.hasSettled = false }
            return state.hasSettled
        }
        if hasSettled { schedule.progressed() }
        let (view, partition, now) = (tools.view, tools.partition, tools.configuration.now())
        let routes = try await view.routes(to: mailbox, partition: partition, now: tools.configuration.leaseTime)
        let step = schedule.next(routes: routes, now: .now)
        if case .push = step { return step }
        var dial: ReachSchedule.Step?
        if tools.configuration.dialsAtATime > 0 {
            let presence = try await view.presence(of: mailbox, partition: partition, now: now)
            dial = schedule.next(presence: presence, now: .now)
        }
        if dial != nil, try await view.usage(of: mailbox, partition: partition).count == 0 { dial = nil }
        switch (step, dial) {
        case (.wait(let first), .wait(let second)): return .wait(until: min(first, second))
        case (_, .some): return dial
        case (.some, nil): return step
        // A contact that fails must not be dialled more often by a mailbox that is empty in between.
        case (nil, nil): return schedule.rememberUntil.flatMap { $0 > .now ? .wait(until: $0) : nil }
        }
    }

    private func push(_ route: Route, _ schedule: inout ReachSchedule, _ place: Limiter.Place) async {
        let channel: RPCChannel
        do {
            channel = try tools.channels.channel(to: route.front)
        } catch {
            tools.log.warning("route of no use", ["recipient": LogValue(mailbox), "reason": .text("\(error)")])
            return schedule.pushEnded(route.stream, .gone, now: .now, jitter: 0)
        }
        let pusher = Pusher(mailbox: mailbox, route: route, tools: tools)
        state.withLock { $0.pusher = pusher }
        tools.metrics.pushers.add(1)
        let known = schedule
        let end = await unlessRouted({ known.supersedes(route.stream, in: $0) }) {
            await pusher.run(over: channel) { place.leave() }
        }
        state.withLock { $0.pusher = nil }
        tools.metrics.pushers.add(-1)
        tools.metrics.countEnd(end)
        place.leave()
        if pusher.isTaken { schedule.pushTaken(route.stream) }
        guard let end, !Task.isCancelled else { return }
        if end.code == .unavailable { tools.channels.forget(route.front) }
        if end.code != .notFound { tools.counters.add { $0.pushesBroken += 1 } }
        schedule.pushEnded(
            route.stream, end.code == .notFound ? .gone : .failed, now: .now, jitter: .random(in: 0...1))
    }

    private func dial(_ contact: String, _ timestamp: UTCTime, _ schedule: inout ReachSchedule) async {
        schedule.dialBegins(contact, timestamp: timestamp, now: .now)
        let known = schedule
        let (mailbox, dialler) = (mailbox, tools.dialler)
        let isRoutable: @Sendable ([Route]) -> Bool = { routes in
            var known = known
            if case .push = known.next(routes: routes, now: .now) { return true }
            return false
        }
        let end = await unlessRouted(isRoutable) { await dialler.dial(mailbox, at: contact) }
        guard let end else { return }
        schedule.dialEnded(end, now: .now, jitter: .random(in: 0...1))
        // The route follows through the log.
        if end == .open { await signal.wait(until: .now + .seconds(5)) }
    }

    /// Does something, and gives it up where news bring routes that are better. Nil where it was given up or cancelled.
    private func unlessRouted<Value: Sendable>(
        _ isBetter: @escaping @Sendable ([Route]) -> Bool, _ work: @escaping @Sendable () async -> Value?
    ) async -> Value? {
        let tools = tools
        return await withTaskGroup(of: Value?.self) { group in
            group.addTask { await work() }
            group.addTask { [signal, mailbox] in
                while !Task.isCancelled {
                    await signal.wait()
                    let routes = try? await tools.view.routes(
                        to: mailbox, partition: tools.partition, now: tools.configuration.leaseTime)
                    if let routes, isBetter(routes) { break }
                }
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
