import IdentityBasedEncryption
import KafkaLog
import Mailbox
import StoreBehaviour
import Testing

/// How the log is read: on from a position, and by place.
@Suite(.enabled(if: TestKafka.isThere)) struct ReadTests {
    @Test(.timeLimit(.minutes(2))) func gapsOfACompactedTopicArePassedOver() async throws {
        let plan = TopicPlan(partitions: 1, replicas: 1, minInSync: 1, compactionLagMs: 1000)
        let log = try await open(try await TestKafka.shared.value.configuration(), plan)
        let values = (0..<200).map { number in
            LogRecord(key: [UInt8(number % 4)] + [UInt8](repeating: 9, count: 30), value: [UInt8(number)])
        }
        let offsets = try await log.append(values, to: .envelopes, partition: 0)
        var kept: [StoredRecord] = []
        for _ in 0..<120 {
            try await Task.sleep(for: .milliseconds(500))
            // A segment rolls only when something is appended, and only one that has rolled is compacted.
            try await log.tick(partition: 0)
            kept = try await log.all(0).filter { offsets.contains($0.offset) }
            if kept.count < 20 { break }
        }
        #expect(kept.map(\.offset) == Array(offsets.suffix(4)), "the last value of every key is left, in its place")
        let start = LogPosition(envelopes: offsets[50])
        let batch = try await log.read(
            partition: 0, from: start, limit: PageLimit(count: 2), waitingUpTo: .seconds(5))
        #expect(batch.records.map(\.offset) == Array(offsets[196...197]), "a reader within the gap goes on behind it")
        #expect(batch.next.envelopes == offsets[198])
        #expect(try await log.bounds(of: 0).start.envelopes == 0)
        await log.close()
    }

    @Test func aReaderIsWokenByAnotherProcessAndStopsWhenCancelled() async throws {
        let first = try await TestKafka.shared.value.log()
        let second = try await KafkaLog.open(first.configuration)
        let start = try await first.bounds(of: 2).end
        async let batch = first.read(
            partition: 2, from: start, limit: PageLimit(count: 1), waitingUpTo: .seconds(20))
        try await Task.sleep(for: .milliseconds(500))
        let begun = ContinuousClock.now
        _ = try await second.append([LogRecord(key: nil, value: [5])], to: .presence, partition: 2)
        #expect(try await batch.records.map(\.record.value) == [[5]])
        #expect(ContinuousClock.now - begun < .seconds(3))
        let next = try await first.bounds(of: 2).end
        let reader = Task {
            try await first.read(partition: 2, from: next, limit: PageLimit(count: 1), waitingUpTo: .seconds(60))
        }
        try await Task.sleep(for: .milliseconds(100))
        reader.cancel()
        #expect(try await reader.value.records.isEmpty)
        #expect(ContinuousClock.now - begun < .seconds(10))
        await first.close()
        await second.close()
    }

    @Test func aPositionBeyondTheEndGivesNothing() async throws {
        let log = try await TestKafka.shared.value.log()
        let beyond = LogPosition(envelopes: 1000, presence: 0)
        for wait in [Duration.zero, .milliseconds(300)] {
            let batch = try await log.read(
                partition: 0, from: beyond, limit: PageLimit(count: 10), waitingUpTo: wait)
            #expect(batch.records.isEmpty && batch.next == beyond && batch.reachesEnd)
        }
        _ = try await log.append([LogRecord(key: nil, value: [1])], to: .presence, partition: 0)
        // The two topics come in either order, and the log's name is a record too.
        let presence = try await log.all(0).filter { $0.topic == .presence }
        #expect(presence.map(\.record.value) == [[1]], "a reader that comes back is served")
        await log.close()
    }

    @Test func whatIsNoLongerKeptIsPassedOver() async throws {
        let kafka = try await TestKafka.shared.value
        let log = try await kafka.log()
        let records = (0..<10).map { LogRecord(key: nil, value: [UInt8($0)]) }
        let offsets = try await log.append(records, to: .presence, partition: 0)
        try kafka.forget(log.configuration.name(of: .presence), partition: 0, before: offsets[6])
        #expect(try await log.bounds(of: 0).start.presence == offsets[6])
        let presence = try await log.all(0).filter { $0.topic == .presence }
        #expect(presence.map(\.offset) == Array(offsets[6...]))
        await log.close()
    }

    @Test func twentyMegabytesOfContentsAreReadInPages() async throws {
        let log = try await TestKafka.shared.value.log()
        let (mail, other) = (try mail(1), try mail(2))
        let (key, otherKey) = (try mail.key, DepositKey(id: try other.id, mailbox: try mail.key.mailbox))
        let chunk = mail.octets(1 << 16, purpose: "chunk")
        var chunks: [[UInt8]] = []
        var offsets: [UInt64] = []
        var others: [UInt64] = []
        for first in stride(from: 0, to: 320, by: 32) {
            let run = (first..<first + 32).map { [UInt8($0 & 255), UInt8($0 >> 8)] + chunk.dropFirst(2) }
            offsets += try await log.append(contents: run, of: key)
            others += try await log.append(contents: [[UInt8(first & 255)]], of: otherKey)
            chunks += run
        }
        let partition = log.partition(of: key)
        let run = try ContentRun(partition: partition, offsets: offsets)
        let otherRun = try ContentRun(partition: partition, offsets: others)
        let (begun, expected) = (ContinuousClock.now, chunks)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var read = 0
                    while true {
                        let page = try await log.contents(
                            run, of: key, skipping: read, limit: PageLimit(count: 64, octets: 1 << 20))
                        if page.isEmpty { break }
                        #expect(page.count <= 16 && page == Array(expected[read..<read + page.count]))
                        read += page.count
                    }
                    #expect(read == 320)
                }
            }
            group.addTask {
                let small = try await log.contents(otherRun, of: otherKey, skipping: 0, limit: PageLimit(count: 100))
                #expect(small.map { $0.first } == stride(from: 0, to: 320, by: 32).map { UInt8($0 & 255) })
            }
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - begun) / .seconds(1)
        print("contents: three readers of 20 MB took \(seconds) s")
        let wrong = await fault {
            _ = try await log.contents(run, of: otherKey, skipping: 0, limit: PageLimit(count: 1))
        }
        #expect(wrong?.kind == .gone)
        try await TestKafka.shared.value.forget(
            log.configuration.name(of: .contents), partition: partition, before: offsets[10])
        let gone = await fault { _ = try await log.contents(run, of: key, skipping: 0, limit: PageLimit(count: 1)) }
        #expect(gone?.kind == .gone)
        let left = try await log.contents(run, of: key, skipping: 10, limit: PageLimit(count: 1))
        #expect(left == [expected[10]])
        await log.close()
    }

    private func mail(_ seed: UInt64) throws -> SampleMail {
        SampleMail(from: try person("anna"), to: try person("ben"), seed: seed)
    }
}
