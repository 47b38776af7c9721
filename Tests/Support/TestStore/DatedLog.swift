import Foundation
import KafkaLog
import Mailbox
import Primitives
import Synchronization

/// A log whose records bear the time of a test's clock: brokers have a clock of their own.
struct DatedLog: MailLog {
    private let log: KafkaLog
    private let shift: ClockShift

    init(_ log: KafkaLog, clock: @escaping @Sendable () -> UTCTime) {
        self.log = log
        shift = ClockShift(clock)
    }

    var partitionCount: Int { log.partitionCount }

    func identity() async throws(StoreError) -> String { try await log.identity() }

    func append(_ records: [LogRecord], to topic: LogTopic, partition: Int) async throws(StoreError) -> [UInt64] {
        shift.note()
        return try await log.append(records, to: topic, partition: partition)
    }

    func read(
        partition: Int, from position: LogPosition, limit: PageLimit, waitingUpTo wait: Duration
    ) async throws(StoreError) -> LogBatch {
        var batch = try await log.read(partition: partition, from: position, limit: limit, waitingUpTo: wait)
        batch.records = dated(batch.records)
        return batch
    }

    func foldedBefore(partition: Int) async -> LogPosition { await log.foldedBefore(partition: partition) }

    func bounds(of partition: Int) async throws(StoreError) -> LogBounds { try await log.bounds(of: partition) }

    func contents(
        _ run: ContentRun, of key: DepositKey, skipping skipped: Int, limit: PageLimit
    ) async throws(StoreError) -> [[UInt8]] {
        try await log.contents(run, of: key, skipping: skipped, limit: limit)
    }

    func deadLetters(
        of partition: Int, from offset: UInt64, limit: PageLimit
    ) async throws(StoreError) -> [StoredRecord] {
        dated(try await log.deadLetters(of: partition, from: offset, limit: limit))
    }

    func tick(partition: Int) async throws(StoreError) { try await log.tick(partition: partition) }

    func ownership() -> AsyncStream<OwnershipChange> { log.ownership() }

    private func dated(_ records: [StoredRecord]) -> [StoredRecord] {
        records.map {
            StoredRecord(topic: $0.topic, offset: $0.offset, time: shift.moved($0.time), record: $0.record)
        }
    }
}

/// How far a test's clock is ahead of the machine's, and since when: it is set forward in the middle of a test.
private final class ClockShift: Sendable {
    private let clock: @Sendable () -> UTCTime
    private let steps = Mutex<[(since: UTCTime, ahead: Int64)]>([])

    init(_ clock: @escaping @Sendable () -> UTCTime) {
        self.clock = clock
        note()
    }

    /// Looks whether the clock was set.
    func note() {
        let machine = UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let ahead = clock().milliseconds - machine.milliseconds
        steps.withLock { steps in
            if let last = steps.last, abs(last.ahead - ahead) < 500 { return }
            steps.append((machine, ahead))
        }
    }

    /// A time of the machine's clock by the test's.
    func moved(_ time: UTCTime) -> UTCTime {
        steps.withLock { steps in
            let step = steps.last { $0.since <= time } ?? steps.first
            return time.advanced(byMilliseconds: step?.ahead ?? 0)
        }
    }
}
