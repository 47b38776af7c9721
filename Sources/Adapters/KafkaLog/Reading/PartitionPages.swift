import Mailbox
import WorkPool

/// Reads a page of one partition from an offset on, up to the end as it is now. For what is read now and then: dead
/// letters, and the name of the log.
final class PartitionPages: Sendable {
    private let queue: PartitionQueue
    private let bell = Bell()
    private let turn = Turnstile()

    init(_ handle: KafkaHandle, _ topic: LogTopic, _ partition: Int) throws(StoreError) {
        queue = try PartitionQueue(handle, topic, partition, bell)
    }

    func page(from offset: UInt64, limit: PageLimit) async throws(StoreError) -> [StoredRecord] {
        await turn.enter()
        defer { turn.leave() }
        let queue = queue
        let kept = try await queue.watermarks()
        let start = max(offset, kept.lowerBound)
        guard start < kept.upperBound else { return [] }
        try await Blocking.run { () throws(StoreError) in try queue.assign(at: start) }
        let result: Result<[StoredRecord], StoreError>
        do throws(StoreError) {
            result = .success(try await read(start..<kept.upperBound, limit))
        } catch {
            result = .failure(error)
        }
        try await Blocking.run { () throws(StoreError) in try queue.unassign() }
        return try result.get()
    }

    private func read(_ range: Range<UInt64>, _ limit: PageLimit) async throws(StoreError) -> [StoredRecord] {
        var records: [StoredRecord] = []
        var left = limit
        let deadline = ContinuousClock.now + .milliseconds(queue.handle.configuration.requestTimeoutMs)
        while true {
            let generation = bell.generation
            while let taken = queue.take() {
                switch taken {
                case .record(let stored):
                    guard range.contains(stored.offset) else { return records }
                    records.append(stored)
                    left.count -= 1
                    left.octets -= stored.record.size
                    if left.count <= 0 || left.octets <= 0 || stored.offset + 1 == range.upperBound { return records }
                case .end: return records
                case .outOfRange where !records.isEmpty: return records
                case .outOfRange: throw notArriving(range)
                case .fault(let fault):
                    throw fault.storeError("\(queue.name) [\(queue.partition)] cannot be read", queue.handle.notices)
                }
            }
            guard ContinuousClock.now < deadline, !Task.isCancelled else { throw notArriving(range) }
            await bell.wait(since: generation, until: deadline)
        }
    }

    private func notArriving(_ range: Range<UInt64>) -> StoreError {
        StoreError(
            .unavailable,
            "\(queue.name) [\(queue.partition)] is not sent from offset \(range.lowerBound) on"
                + "\(queue.handle.notices.because); check that the partition's leader runs, and try again")
    }
}
