import KafkaLog
import Mailbox
import Synchronization
import Testing

/// Three brokers, of which some die.
@Suite(.enabled(if: TestKafka.hasDistribution), .serialized) struct FailureTests {
    @Test(.timeLimit(.minutes(3))) func brokersDieUnderLoad() async throws {
        // Let go of, the brokers end, also where a test throws.
        let kafka = try await TestKafka.three()
        try await nothingIsLostWhenABrokerIsKilled(kafka)
        try await boundsAreKnownSoonAfterLeadersMoved(kafka)
        try await withoutEnoughReplicasAppendsFailAndRecover(kafka)
        try await aFrozenBrokerIsMissedSoon(kafka)
        try await whoLosesTheCoordinatorKeepsWhatHeOwns(kafka)
    }

    private struct Acknowledged: Sendable {
        let offset: UInt64
        let sender: Int
        let number: Int
        var value: [UInt8] { Array("\(sender) \(number)".utf8) }
    }

    private func nothingIsLostWhenABrokerIsKilled(_ kafka: TestKafka) async throws {
        let log = try await kafka.log(partitions: 3, replicas: 3, messageTimeoutMs: 30_000)
        let flag = Flag()
        let record = Record()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<12 {
                group.addTask {
                    var number = 0
                    while !flag.isRaised {
                        number += 1
                        let begun = ContinuousClock.now
                        let value = Array("\(sender) \(number)".utf8)
                        let offsets = try await log.append(
                            [LogRecord(key: nil, value: value)], to: .presence, partition: sender % 3)
                        record.note(
                            Acknowledged(offset: offsets[0], sender: sender, number: number),
                            ContinuousClock.now - begun)
                        try await Task.sleep(for: .milliseconds(2))
                    }
                }
            }
            try await Task.sleep(for: .seconds(1))
            try await kafka.tell("kill", 2)
            try await Task.sleep(for: .seconds(5))
            try await kafka.tell("start", 2)
            try await Task.sleep(for: .seconds(1))
            flag.raise()
            try await group.waitForAll()
        }
        let acknowledged = record.all
        #expect(acknowledged.count > 500)
        print("appends: \(acknowledged.count) acknowledged, longest silence \(record.longest)")
        #expect(record.longest < .seconds(10))
        for partition in 0..<3 {
            let found = try await log.all(partition).filter { $0.topic == .presence }
            let expected = acknowledged.filter { $0.sender % 3 == partition }.sorted { $0.offset < $1.offset }
            #expect(found.map(\.offset) == expected.map(\.offset), "none lost, none twice")
            #expect(found.map(\.record.value) == expected.map(\.value), "each where it was said to be")
            for sender in Set(expected.map(\.sender)) {
                let numbers = expected.filter { $0.sender == sender }.map(\.number)
                #expect(numbers == Array(1...numbers.count), "in order")
            }
        }
        await log.close()
    }

    /// Who asked a leader before must find the next one, also when the old one is back and no leader any more.
    private func boundsAreKnownSoonAfterLeadersMoved(_ kafka: TestKafka) async throws {
        let log = try await kafka.log(partitions: 6, replicas: 3)
        for partition in 0..<6 { _ = try await log.bounds(of: partition) }
        try await kafka.tell("kill", 2)
        // It is missed for 3 s.
        try await Task.sleep(for: .seconds(4))
        for isBack in [false, true] {
            if isBack { try await kafka.tell("start", 2) }
            for partition in 0..<6 {
                let begun = ContinuousClock.now
                _ = try await log.bounds(of: partition)
                let took = ContinuousClock.now - begun
                // Two questions, of which the second comes when all know the new leader.
                #expect(
                    took < .seconds(5), "\(took) for partition \(partition)\(isBack ? ", the old leader back" : "")")
            }
        }
        await log.close()
    }

    private func withoutEnoughReplicasAppendsFailAndRecover(_ kafka: TestKafka) async throws {
        let log = try await kafka.log(partitions: 1, replicas: 3, messageTimeoutMs: 4000)
        _ = try await log.append([LogRecord(key: nil, value: [1])], to: .presence, partition: 0)
        let wide = try await kafka.log(partitions: 3, replicas: 3)
        for broker in [2, 3] { try await kafka.tell("kill", broker) }
        try await deadBrokersAreNamed(of: wide)
        await wide.close()
        let begun = ContinuousClock.now
        let fault = await fault {
            _ = try await log.append([LogRecord(key: nil, value: [2])], to: .presence, partition: 0)
        }
        #expect(fault?.kind == .unavailable)
        #expect(fault?.detail.contains("poste.presence [0]") ?? false)
        #expect(ContinuousClock.now - begun < .seconds(8))
        for broker in [2, 3] { try await kafka.tell("start", broker) }
        var offset: UInt64?
        for _ in 0..<20 where offset == nil {
            offset = try? await log.append([LogRecord(key: nil, value: [3])], to: .presence, partition: 0).first
        }
        let after = try await log.all(0).filter { $0.topic == .presence }
        #expect(after.first?.record.value == [1])
        #expect(after.last?.record.value == [3] && after.last?.offset == offset, "it goes on by itself")
        await log.close()
    }

    /// With two of three controllers dead, the third broker is told nothing and describes the topics as they were.
    private func deadBrokersAreNamed(of log: KafkaLog) async throws {
        let topics = KafkaTopics(log.configuration)
        let faults = try await topics.check(TopicPlan(partitions: 3, replicas: 3, minInSync: 2)).map(\.fault)
        for broker in [2, 3] {
            #expect(
                faults.contains { $0.hasPrefix("broker \(broker) at 127.0.0.1:") && $0.hasSuffix("does not answer") },
                "\(faults)")
        }
        #expect(!faults.contains { $0.hasPrefix("broker 1 ") })
    }

    /// A frozen broker hangs up on nobody: neither who appends nor who reads may wait until it goes on. An append may fail
    /// when the broker comes back and takes itself for the leader for a moment; what was acknowledged is there all the same.
    private func whoLosesTheCoordinatorKeepsWhatHeOwns(_ kafka: TestKafka) async throws {
        let log = try await kafka.log(partitions: 4, replicas: 3)
        let worker = Worker(log)
        try await worker.waits("the only worker owns all") { $0.count == 4 }
        let coordinator = try await kafka.coordinator(of: log.configuration.groupID)
        let before = worker.changes
        try await kafka.tell("pause", coordinator)
        // Longer than a session lasts.
        try await Task.sleep(for: .seconds(10))
        try await kafka.tell("resume", coordinator)
        try await Task.sleep(for: .seconds(8))
        #expect(worker.owned.count == 4)
        #expect(worker.changes == before)
        worker.task.cancel()
        await log.close()
    }

    private func aFrozenBrokerIsMissedSoon(_ kafka: TestKafka) async throws {
        let log = try await kafka.log(partitions: 3, replicas: 3, messageTimeoutMs: 30_000)
        let flag = Flag()
        let (record, readers) = (Record(), Record())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for partition in 0..<3 {
                group.addTask {
                    var number = 0
                    var answered = ContinuousClock.now
                    while !flag.isRaised {
                        number += 1
                        let value = Array("\(partition) \(number)".utf8)
                        let offsets = try? await log.append(
                            [LogRecord(key: nil, value: value)], to: .presence, partition: partition)
                        if let offsets {
                            record.note(
                                Acknowledged(offset: offsets[0], sender: partition, number: number),
                                ContinuousClock.now - answered)
                            answered = .now
                        }
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                group.addTask {
                    var position = LogPosition()
                    var heard = ContinuousClock.now
                    while !flag.isRaised {
                        let batch = try? await log.read(
                            partition: partition, from: position, limit: PageLimit(count: 1000), waitingUpTo: .seconds(1))
                        guard let batch, let last = batch.records.last else { continue }
                        position = batch.next
                        readers.note(
                            Acknowledged(offset: last.offset, sender: partition, number: 0), ContinuousClock.now - heard)
                        heard = .now
                    }
                }
            }
            try await Task.sleep(for: .seconds(1))
            try await kafka.tell("pause", 2)
            try await Task.sleep(for: .seconds(14))
            try await kafka.tell("resume", 2)
            try await Task.sleep(for: .seconds(2))
            flag.raise()
            try await group.waitForAll()
        }
        print("frozen: longest silence of appends \(record.longest), of readers \(readers.longest)")
        #expect(record.longest < .seconds(10) && readers.longest < .seconds(10))
        for partition in 0..<3 {
            let found = try await log.all(partition).filter { $0.topic == .presence }
            let values = Dictionary(uniqueKeysWithValues: found.map { ($0.offset, $0.record.value) })
            let acknowledged = record.all.filter { $0.sender == partition }
            #expect(acknowledged.count > 100)
            #expect(acknowledged.allSatisfy { values[$0.offset] == $0.value }, "each where it was said to be")
            #expect(acknowledged.map(\.offset) == acknowledged.map(\.offset).sorted(), "in order")
        }
        await log.close()
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        func raise() { value.store(true, ordering: .releasing) }
        var isRaised: Bool { value.load(ordering: .acquiring) }
    }

    private final class Record: Sendable {
        private let state = Mutex((all: [Acknowledged](), longest: Duration.zero))

        func note(_ acknowledged: Acknowledged, _ took: Duration) {
            state.withLock {
                $0.all.append(acknowledged)
                $0.longest = max($0.longest, took)
            }
        }

        var all: [Acknowledged] { state.withLock { $0.all } }
        var longest: Duration { state.withLock { $0.longest } }
    }
}
