import Mailbox
import Observability

/// A log whose calls are measured.
public struct MeasuredMailLog: MailLog {
    private let log: any MailLog
    private let measured: Measured
    private let metrics: StoreMetrics

    /// The same log, measured.
    public init(_ log: any MailLog, _ metrics: StoreMetrics) {
        self.log = log
        self.metrics = metrics
        measured = metrics.store("log")
    }

    /// As the log has it.
    public var partitionCount: Int { log.partitionCount }

    /// As the log does.
    public func identity() async throws(StoreError) -> String {
        try await measured.call("identity") { () throws(StoreError) in try await log.identity() }
    }

    /// As the log does; counts records, octets and tombstones.
    public func append(
        _ records: [LogRecord], to topic: LogTopic, partition: Int
    ) async throws(StoreError) -> [UInt64] {
        let operation: LabelValue =
            switch topic {
            case .envelopes: "append_envelopes"
            case .contents: "append_contents"
            case .presence: "append_presence"
            case .deadLetters: "append_dead_letters"
            }
        let offsets = try await measured.call(operation) { () throws(StoreError) in
            try await log.append(records, to: topic, partition: partition)
        }
        let name = LabelValue(topic: topic)
        metrics.records[name].add(UInt64(records.count))
        metrics.octets[name].add(UInt64(records.reduce(0) { $0 + $1.size }))
        if topic == .envelopes {
            for record in records {
                if let reason = record.tombstoneReason { metrics.tombstones[LabelValue(reason)].add() }
            }
        }
        return offsets
    }

    /// As the log does. Not timed: it waits for news.
    public func read(
        partition: Int, from position: LogPosition, limit: PageLimit, waitingUpTo wait: Duration
    ) async throws(StoreError) -> LogBatch {
        try await measured.call("read", timed: false) { () throws(StoreError) in
            try await log.read(partition: partition, from: position, limit: limit, waitingUpTo: wait)
        }
    }

    /// As the log does. Not timed: it is asked where a view is gone.
    public func foldedBefore(partition: Int) async -> LogPosition { await log.foldedBefore(partition: partition) }

    /// As the log does.
    public func bounds(of partition: Int) async throws(StoreError) -> LogBounds {
        try await measured.call("bounds") { () throws(StoreError) in try await log.bounds(of: partition) }
    }

    /// As the log does.
    public func contents(
        _ run: ContentRun, of key: DepositKey, skipping skipped: Int, limit: PageLimit
    ) async throws(StoreError) -> [[UInt8]] {
        try await measured.call("contents") { () throws(StoreError) in
            try await log.contents(run, of: key, skipping: skipped, limit: limit)
        }
    }

    /// As the log does.
    public func deadLetters(
        of partition: Int, from offset: UInt64, limit: PageLimit
    ) async throws(StoreError) -> [StoredRecord] {
        try await measured.call("dead_letters") { () throws(StoreError) in
            try await log.deadLetters(of: partition, from: offset, limit: limit)
        }
    }

    /// As the log does.
    public func tick(partition: Int) async throws(StoreError) {
        try await measured.call("tick") { () throws(StoreError) in try await log.tick(partition: partition) }
    }

    /// As the log does.
    public func ownership() -> AsyncStream<OwnershipChange> { log.ownership() }
}

extension LogRecord {
    fileprivate var tombstoneReason: Tombstone.Reason? {
        guard value == nil, let word = header(EnvelopeRecord.reasonHeader) else { return nil }
        return Tombstone.Reason(rawValue: String(decoding: word, as: UTF8.self))
    }
}
