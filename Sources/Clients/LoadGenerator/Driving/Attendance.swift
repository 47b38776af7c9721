import Foundation
import IdentityBasedEncryption
import MailboxClient
import Synchronization

/// Who is online: a stream for each, with everything that it brings checked and timed.
final class Attendance: Sendable {
    private let population: Population
    private let plan: LoadPlan
    private let ledger: DeliveryLedger
    private let recorder: Recorder
    private let streams = Mutex<[Int: Task<Void, Never>]>([:])
    /// Whether the plan runs: then acknowledgements are timed, and the slow are slow.
    private let isPlanned = Mutex(true)
    /// Streams that were told to end, and have perhaps not ended.
    private let ending = Mutex<[Int: Task<Void, Never>]>([:])
    /// Streams that have begun and not ended.
    private let open = Gauge()
    /// A stream that was told to end has ended after so long, or is left alone.
    private static let endLimit = Duration.seconds(10)

    init(_ population: Population, _ plan: LoadPlan, _ ledger: DeliveryLedger, _ recorder: Recorder) {
        self.population = population
        self.plan = plan
        self.ledger = ledger
        self.recorder = recorder
    }

    /// What follows is no part of the plan: acknowledgements are timed no more, and who was slow hurries.
    func planHasEnded() { isPlanned.withLock { $0 = false } }

    /// How many are online or on their way.
    var count: Int { streams.withLock { $0.count } }

    /// Whether a user is online or on his way.
    func isOnline(_ user: Int) -> Bool { streams.withLock { $0[user] != nil } }

    /// A user comes online.
    /// - Parameter planned: when he was to come, where that is to be timed.
    func arrive(_ user: Int, planned: ContinuousClock.Instant?) {
        let before = ending.withLock { $0.removeValue(forKey: user) }
        streams.withLock { streams in
            guard streams[user] == nil else { return }
            streams[user] = Task { [self] in
                // One stream at a time for each.
                await before?.value
                _ = open.add(below: .max)
                defer { open.remove() }
                await receive(user, Visit(planned, expects: ledger.waiting(for: user) > 0))
                if !Task.isCancelled { _ = self.streams.withLock { $0.removeValue(forKey: user) } }
            }
        }
    }

    /// A user goes away.
    func leave(_ user: Int) {
        guard let task = streams.withLock({ $0.removeValue(forKey: user) }) else { return }
        task.cancel()
        ending.withLock { $0[user] = task }
    }

    /// Everybody goes away; returns when all streams have ended, or should have.
    func end() async {
        for user in streams.withLock({ Array($0.keys) }) { leave(user) }
        let deadline = ContinuousClock.now + Self.endLimit
        while open.count > 0, .now < deadline { try? await Task.sleep(for: .milliseconds(10)) }
        for _ in 0..<open.count { recorder.count(.failed("a stream did not end within \(Self.endLimit)")) }
    }

    private func receive(_ user: Int, _ visit: Visit) async {
        let crew = population.crew(of: user)
        var options = ReceiveOptions()
        options.follows = true
        options.settled = { [self] duration in
            // Who is slow hears late that the log has it.
            if isPlanned.withLock({ $0 }), !plan.isSlow(user) { recorder.record(.ack, duration) }
        }
        do {
            _ = try await crew.client.receive(as: population.identities[user], into: crew.inbox, options) {
                [self] event in await hear(event, user, visit)
            }
        } catch .cancelled {
            return
        } catch {
            recorder.count(.failed("receive: \(error)"))
        }
    }

    private func hear(_ event: ReceiveEvent, _ user: Int, _ visit: Visit) async {
        switch event {
        case .progress: visit.pushed(recorder)
        case .deposit(let deposit):
            visit.pushed(recorder)
            take(deposit, user, visit)
            if plan.isSlow(user) { await dawdle() }
        case .caughtUp: visit.drained(recorder)
        // All that a run sends is right: what its recipient refuses was made wrong on its way.
        case .refused(let id, let reason): ledger.refused("user \(user) refused deposit \(id): \(reason)")
        case .left(let reason): recorder.count(.failed("left: \(reason)"))
        case .reconnecting(let reason, _): recorder.count(.retried("receive: \(reason)"))
        case .receipt: break
        }
    }

    /// Takes as long as a slow recipient does.
    private func dawdle() async {
        let end = ContinuousClock.now + plan.slowness
        while .now < end, isPlanned.withLock({ $0 }), !Task.isCancelled {
            try? await Task.sleep(until: min(end, .now + .milliseconds(100)), clock: .continuous)
        }
    }

    private func take(_ deposit: ReceivedDeposit, _ user: Int, _ visit: Visit) {
        let octets = FileManager.default.contents(atPath: deposit.path).map { [UInt8]($0) } ?? []
        let planned = ledger.heard(
            DeliveryLedger.Hearing(
                octets: octets, sender: population.number(of: deposit.sender),
                isProven: deposit.senderProof == .verified, recipient: user))
        recorder.count(.delivered)
        if let planned, visit.isDrained(before: planned) {
            recorder.record(plan.isInFocus(user) ? .deliveryInFocus : .delivery, .now - planned)
        }
        let name = URL(fileURLWithPath: deposit.path).deletingPathExtension().path
        for path in [deposit.path, "\(name).json"] { unlink(path) }
    }
}

/// One stay of a recipient.
private final class Visit: Sendable {
    private let planned: ContinuousClock.Instant?
    private let expects: Bool
    private let isDone = Mutex((pushed: false, drained: ContinuousClock.Instant?.none))

    init(_ planned: ContinuousClock.Instant?, expects: Bool) {
        self.planned = planned
        self.expects = expects
    }

    /// Something came.
    func pushed(_ recorder: Recorder) {
        guard let planned,
            !isDone.withLock({ done in
                defer { done.pushed = true }
                return done.pushed || done.drained != nil
            })
        else { return }
        // What was deposited after he came says nothing about coming.
        if expects { recorder.record(.presenceToFirstPush, .now - planned) }
    }

    /// All that waited has come.
    func drained(_ recorder: Recorder) {
        let isFirst = isDone.withLock { done in
            guard done.drained == nil else { return false }
            done.drained = .now
            return true
        }
        if isFirst, let planned { recorder.record(.presenceToDrained, .now - planned) }
    }

    /// Whether all that waited when he came had come before an instant.
    func isDrained(before instant: ContinuousClock.Instant) -> Bool {
        isDone.withLock { $0.drained.map { $0 < instant } ?? false }
    }
}
