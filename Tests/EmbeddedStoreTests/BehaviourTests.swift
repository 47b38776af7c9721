import EmbeddedStore
import Mailbox
import StoreBehaviour
import Testing

/// The embedded store does what the ports promise, with one process and with two connections as of two.
struct BehaviourTests {
    @Test func logOfOneProcess() async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        try await LogBehaviour(store).check()
        try await DeadLetterBehaviour(store, now: TemporaryStore.clock()).check()
        await store.close()
    }

    @Test func view() async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        try await ViewBehaviour(store, partitionCount: store.partitionCount).check()
        await store.close()
    }

    @Test func sessions() async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        try await SessionBehaviour(store).check()
        await store.close()
    }

    @Test func logAndViewTogether() async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        try await WholeBehaviour(store, store, now: TemporaryStore.clock()).check()
        await store.close()
    }

    @Test func logAndViewOfTwoProcesses() async throws {
        let files = try TemporaryStore()
        let (first, second) = (try files.open(), try files.open())
        #expect(first.partitionCount == second.partitionCount)
        #expect(try await first.identity() == second.identity())
        try await WholeBehaviour(first, second, now: TemporaryStore.clock()).check()
        await first.close()
        await second.close()
    }

    @Test func aReaderIsWokenByAnotherProcess() async throws {
        let files = try TemporaryStore()
        let (first, second) = (try files.open(), try files.open())
        let ben = try person("ben")
        let partition = Partitioner.partition(of: ben, count: first.partitionCount)
        async let batch = first.read(
            partition: partition, from: LogPosition(), limit: PageLimit(count: 1), waitingUpTo: .seconds(20))
        try await Task.sleep(for: .milliseconds(100))
        let begun = ContinuousClock.now
        try await second.append(try PresenceEvent(entity: ben, isOpen: true))
        #expect(try await batch.records.count == 1)
        #expect(ContinuousClock.now - begun < .seconds(5))
        await first.close()
        await second.close()
    }

    @Test func aCancelledReaderStopsWaiting() async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        let begun = ContinuousClock.now
        let reader = Task {
            try await store.read(
                partition: 0, from: LogPosition(), limit: PageLimit(count: 1), waitingUpTo: .seconds(60))
        }
        try await Task.sleep(for: .milliseconds(50))
        reader.cancel()
        #expect(try await reader.value.records.isEmpty)
        #expect(ContinuousClock.now - begun < .seconds(20))
        await store.close()
    }
}
