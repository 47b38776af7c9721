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
    /// Whether acknowledgements are timed.
    private let timesAcks = Mutex(true)
    /// Streams that were told to end, and have perhaps not ended.
    private let ending = Mutex<[Int: Task<Void, Never>]>([:])

    init(_ population: Population, _ plan: LoadPlan, _ ledger: DeliveryLedger, _ recorder: Recorder) {
        self.population = population
        self.plan = plan
        self.ledger = ledger
        self.recorder = recorder
    }

    /// Times no more acknowledgements: what follows is no part of the plan.
    func stopTiming() { timesAcks.withLock { $0 = false } }

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

    /// Everybody goes away; returns when all streams have ended.
    func end() async {
        for user in streams.withLock({ Array($0.keys) }) { leave(user) }
        for task in ending.withLock({ Array($0.values) }) { await task.value }
    }

    private func receive(_ user: Int, _ visit: Visit) async {
        let crew = population.crew(of: user)
        var options = ReceiveOptions()
        options.follows = true
        options.settled = { [self] duration in
            if timesAcks.withLock({ $0 }) { recorder.record(.ack, duration) }
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
            take(deposit, user)
            if plan.isSlow(user) { try? await Task.sleep(for: .milliseconds(200)) }
        case .caughtUp: visit.drained(recorder)
        // All that a run sends is right: what its recipient refuses was made wrong on its way.
        case .refused(let id, let reason): ledger.refused("user \(user) refused deposit \(id): \(reason)")
        case .left(let reason): recorder.count(.failed("left: \(reason)"))
        case .reconnecting(let reason, _): recorder.count(.retried("receive: \(reason)"))
        case .receipt: break
        }
    }

    private func take(_ deposit: ReceivedDeposit, _ user: Int) {
        let octets = FileManager.default.contents(atPath: deposit.path).map { [UInt8]($0) } ?? []
        ledger.heard(
            DeliveryLedger.Hearing(
                octets: octets, sender: population.number(of: deposit.sender),
                isProven: deposit.senderProof == .verified, recipient: user))
        recorder.count(.delivered)
        let name = URL(fileURLWithPath: deposit.path).deletingPathExtension().path
        for path in [deposit.path, "\(name).json"] { unlink(path) }
    }
}

/// One stay of a recipient.
private final class Visit: Sendable {
    private let planned: ContinuousClock.Instant?
    private let expects: Bool
    private let isDone = Mutex((pushed: false, drained: false))

    init(_ planned: ContinuousClock.Instant?, expects: Bool) {
        self.planned = planned
        self.expects = expects
    }

    /// Something came.
    func pushed(_ recorder: Recorder) {
        guard let planned,
            !isDone.withLock({ done in
                defer { done.pushed = true }
                return done.pushed || done.drained
            })
        else { return }
        // What was deposited after he came says nothing about coming.
        if expects { recorder.record(.presenceToFirstPush, .now - planned) }
    }

    /// All that waited has come.
    func drained(_ recorder: Recorder) {
        guard let planned,
            !isDone.withLock({ done in
                defer { done.drained = true }
                return done.drained
            })
        else { return }
        recorder.record(.presenceToDrained, .now - planned)
    }
}
