import Foundation
import KafkaLog
import Mailbox
import Synchronization
import Testing

/// Partitions go to whoever is there.
@Suite(.enabled(if: TestKafka.isThere)) struct OwnershipTests {
    @Test func partitionsMoveBetweenTwoWorkers() async throws {
        let first = try await TestKafka.shared.value.log(partitions: 4)
        let second = try await KafkaLog.open(first.configuration)
        let one = Worker(first)
        try await one.waits("the only worker owns all") { $0 == [0, 1, 2, 3] }
        let two = Worker(second)
        try await two.waits("the second gets its share") { $0.count == 2 }
        try await one.waits("the first gives up as many") { $0.count == 2 }
        #expect(one.owned.isDisjoint(with: two.owned))
        two.task.cancel()
        try await one.waits("a worker that leaves gives its partitions back") { $0.count == 4 }
        await second.close()
        one.task.cancel()
        await first.close()
    }

    @Test func partitionsOfAKilledWorkerGoToTheOther() async throws {
        let kafka = try await TestKafka.shared.value
        let log = try await kafka.log(partitions: 4)
        let worker = Worker(log)
        try await worker.waits("the only worker owns all") { $0.count == 4 }
        let victim = try Victim("own", kafka.bootstrapServers, log.configuration.topicPrefix)
        try await worker.waits("the other process gets its share") { $0.count == 2 }
        _ = await nextLine(victim)
        victim.kill()
        let begun = ContinuousClock.now
        try await worker.waits("what the dead one had comes back", within: .seconds(20)) { $0.count == 4 }
        print("ownership: after SIGKILL it took \((ContinuousClock.now - begun) / .seconds(1)) s")
        worker.task.cancel()
        await log.close()
    }

    @Test func aPartitionIsGivenUpOnlyOnceItsOwnerHasStopped() async throws {
        let first = try await TestKafka.shared.value.log(partitions: 2)
        let second = try await KafkaLog.open(first.configuration)
        let order = Order()
        let slow = Task {
            var begun = false
            for await change in first.ownership() {
                guard case .revoked = change, !begun else { continue }
                begun = true
                try? await Task.sleep(for: .milliseconds(400))
                order.note("stopped")
            }
        }
        try await Task.sleep(for: .seconds(2))
        let two = Task {
            for await change in second.ownership() {
                if case .assigned = change { order.note("begun") }
            }
        }
        for _ in 0..<100 where order.events.count < 2 { try await Task.sleep(for: .milliseconds(100)) }
        #expect(order.events == ["stopped", "begun"])
        slow.cancel()
        two.cancel()
        await first.close()
        await second.close()
    }

    @Test(.enabled(if: TestKafka.hasTools)) func howFarTheOwnerIsTheToolsForGroupsSee() async throws {
        let kafka = try await TestKafka.shared.value
        let log = try await kafka.log(partitions: 2)
        let worker = Worker(log)
        try await worker.waits("the only worker owns all") { $0.count == 2 }
        let records = (0..<5).map { LogRecord(key: [UInt8($0)], value: [1]) }
        var stood: [LogPosition] = []
        for partition in 0..<2 {
            _ = try await log.append(records, to: .envelopes, partition: partition)
            _ = try await log.append(records, to: .presence, partition: partition)
            // An owner reads on from where it stands.
            let next = try await log.bounds(of: partition).end
            stood.append(next)
            _ = try await log.read(partition: partition, from: next, limit: PageLimit(count: 1), waitingUpTo: .zero)
        }
        let behind = try await log.append(records, to: .envelopes, partition: 1).count
        var lags: [String: Int] = [:]
        for _ in 0..<15 where lags.count < 4 {
            try await Task.sleep(for: .seconds(1))
            lags = Self.lags(
                try await kafka.describe(group: log.configuration.groupID))
        }
        let (envelopes, presence) = (
            log.configuration.name(of: .envelopes), log.configuration.name(of: .presence)
        )
        // Another process that finds no view learns so how far there was one.
        let other = try await KafkaLog.open(log.configuration)
        #expect(await other.foldedBefore(partition: 1) == stood[1])
        await other.close()
        #expect(lags == ["\(envelopes) 0": 0, "\(envelopes) 1": behind, "\(presence) 0": 0, "\(presence) 1": 0])
        worker.task.cancel()
        await log.close()
    }

    /// The lag of each topic and partition that the tool tells.
    private static func lags(_ table: String) -> [String: Int] {
        var lags: [String: Int] = [:]
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard let topic = words.firstIndex(where: { $0.contains("poste.") && !$0.hasSuffix("delivery") }),
                words.count > topic + 4, let lag = Int(words[topic + 4])
            else { continue }
            lags["\(words[topic]) \(words[topic + 1])"] = lag
        }
        return lags
    }

    @Test func closingLeavesNothingBehind() async throws {
        let kafka = try await TestKafka.shared.value
        let log = try await kafka.log(partitions: 2)
        await log.close()
        let process = try Victim("close", kafka.bootstrapServers, log.configuration.topicPrefix)
        var last: String?
        while let line = await nextLine(process) { last = line }
        #expect(last == "closed true true 0", "who waits is told, soon, and no thread of librdkafka is left")
    }

    private func nextLine(_ victim: Victim) async -> String? {
        // Reading blocks; nothing else uses the victim meanwhile.
        nonisolated(unsafe) let victim = victim
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: victim.nextLine()) }
        }
    }
}

private final class Order: Sendable {
    private let state = Mutex<[String]>([])
    func note(_ event: String) { state.withLock { $0.append(event) } }
    var events: [String] { state.withLock { $0 } }
}

/// Follows what a log gives its process.
final class Worker: Sendable {
    private let state: Follower
    let task: Task<Void, Never>

    private final class Follower: Sendable {
        let owned = Mutex<Set<Int>>([])
        let changes = Mutex(0)
    }

    init(_ log: KafkaLog) {
        let state = Follower()
        self.state = state
        task = Task {
            for await change in log.ownership() {
                state.changes.withLock { $0 += 1 }
                switch change {
                case .assigned(let given): state.owned.withLock { $0.formUnion(given) }
                case .revoked(let taken): state.owned.withLock { $0.subtract(taken) }
                }
            }
        }
    }

    /// How often something was given or taken.
    var changes: Int { state.changes.withLock { $0 } }

    var owned: Set<Int> { state.owned.withLock { $0 } }

    func waits(_ what: Comment, within time: Duration = .seconds(15), until condition: (Set<Int>) -> Bool) async throws
    {
        let deadline = ContinuousClock.now + time
        while !condition(owned), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(50)) }
        #expect(condition(owned), what)
    }
}
