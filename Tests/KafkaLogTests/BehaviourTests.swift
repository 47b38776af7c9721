import KafkaLog
import Mailbox
import Primitives
import StoreBehaviour
import Testing

/// Kafka does what the port promises.
@Suite(.enabled(if: TestKafka.isThere)) struct BehaviourTests {
    @Test func logOfOneProcess() async throws {
        let log = try await TestKafka.shared.value.log()
        try await LogBehaviour(log).check()
        try await DeadLetterBehaviour(log, now: UTCTime(milliseconds: 1_796_126_400_000)).check()
        await log.close()
    }

    @Test func twoProcessesKnowTheLogByOneName() async throws {
        let first = try await TestKafka.shared.value.log()
        let second = try await KafkaLog.open(first.configuration)
        #expect(first.partitionCount == 3 && second.partitionCount == 3)
        let name = try await first.identity()
        #expect(try await second.identity() == name)
        let other = try await TestKafka.shared.value.log()
        #expect(try await other.identity() != name)
        for log in [first, second, other] { await log.close() }
        await #expect(throws: StoreError.self) { try await first.append([], to: .presence, partition: 0) }
    }
}
