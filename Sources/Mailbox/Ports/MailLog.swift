import IdentityBasedEncryption

/// The log: the truth of what happened to every mailbox (docs/architecture.md, "The one rule").
///
/// Kafka is behind it in a cluster, one SQLite file in a single process or on one machine. All calls may be made from
/// any task, at once.
public protocol MailLog: Sendable {
    /// How many partitions every topic has; fixed for the life of the log.
    var partitionCount: Int { get }

    /// What tells this log from any other, for ever: a view made from another log is worth nothing.
    func identity() async throws(StoreError) -> String

    /// Appends records to one partition, in this order.
    ///
    /// Returns only when they are durable (Kafka: on all in-sync replicas; SQLite: synced to disk), with their offsets,
    /// ascending. Not one transaction: after an error a first part may be there. Concurrent calls are not ordered
    /// against each other.
    func append(
        _ records: [LogRecord], to topic: LogTopic, partition: Int
    ) async throws(StoreError) -> [UInt64]

    /// Reads the envelopes and the presence topic of one partition from a position on; offsets that are no longer kept
    /// are passed over.
    ///
    /// Where there is nothing, waits for up to `wait` for news and then returns an empty batch. One reader a partition
    /// and process.
    func read(
        partition: Int, from position: LogPosition, limit: PageLimit, waitingUpTo wait: Duration
    ) async throws(StoreError) -> LogBatch

    /// What of a partition is there.
    func bounds(of partition: Int) async throws(StoreError) -> LogBounds

    /// How far a partition was folded before, whoever owned it then: a view of this log reached so far at least. Perhaps it
    /// reached farther, and nothing is told where nothing is known: see `FoldedBefore` for what that costs.
    func foldedBefore(partition: Int) async -> LogPosition

    /// Reads contents by their location: the values of the run's records after the first `skipped`, at most `limit` of
    /// them and at least one. Empty when no record is left. Never more than a page in memory, whatever the size of the
    /// deposit.
    /// - Throws: `StoreError.gone` where a record is no longer kept or is not of that deposit.
    func contents(
        _ run: ContentRun, of key: DepositKey, skipping skipped: Int, limit: PageLimit
    ) async throws(StoreError) -> [[UInt8]]

    /// Reads the dead letters of a partition from an offset on.
    func deadLetters(
        of partition: Int, from offset: UInt64, limit: PageLimit
    ) async throws(StoreError) -> [StoredRecord]

    /// Lets the log forget what is over: appends a tick, so that a segment rolls and is compacted (Kafka), or erases it
    /// at once (SQLite). When: `TickSchedule`.
    func tick(partition: Int) async throws(StoreError)

    /// The partitions that this process owns as a delivery worker, as they come and go, until the task that iterates is
    /// cancelled.
    ///
    /// An owner reads the position of the view of each partition given and folds on from there. Two processes may
    /// believe for a while that they own a partition; the view's compare and set makes that harmless.
    func ownership() -> AsyncStream<OwnershipChange>
}

/// A change of the partitions that a worker owns.
public enum OwnershipChange: Sendable, Hashable {
    /// These are given.
    case assigned(Set<Int>)
    /// These go to another worker: stop pushing for them.
    case revoked(Set<Int>)
}

extension MailLog {
    /// The partition of a mailbox.
    public func partition(of key: DepositKey) -> Int {
        Partitioner.partition(of: key.mailbox, count: partitionCount)
    }

    /// Appends an envelope to the partition of its mailbox: from then on the deposit exists.
    /// - Returns: the envelope's offset.
    @discardableResult
    public func append(_ envelope: Envelope) async throws(StoreError) -> UInt64 {
        try await appendOne(Self.record(of: envelope), to: .envelopes, partition: partition(of: envelope.key))
    }

    /// Appends many envelopes, to the partitions of their mailboxes; those of one partition keep their order.
    public func append(_ envelopes: [Envelope]) async throws(StoreError) {
        try await append(envelopes.map { ($0.mailbox, Self.record(of: $0)) }, to: .envelopes)
    }

    private static func record(of envelope: Envelope) -> LogRecord {
        var record = EnvelopeRecord.envelope(envelope).record
        // For whoever follows traces; no reader depends on it.
        record.headers.append(
            LogRecord.Header(name: DepositTrace.header, value: Array(DepositTrace(envelope.id).traceparent.utf8)))
        return record
    }

    /// Appends tombstones, to the partitions of their mailboxes: those deposits are over.
    public func append(_ tombstones: [Tombstone]) async throws(StoreError) {
        try await append(tombstones.map { ($0.key.mailbox, EnvelopeRecord.tombstone($0).record) }, to: .envelopes)
    }

    /// Appends a run of sealed chunks of one deposit, each a record of its own, to the partition of its mailbox.
    /// - Returns: their offsets, for `ContentRun`.
    public func append(contents: [[UInt8]], of key: DepositKey) async throws(StoreError) -> [UInt64] {
        let name = key.octets
        return try await append(
            contents.map { LogRecord(key: name, value: $0) }, to: .contents, partition: partition(of: key))
    }

    /// Appends a presence event to the partition of its mailbox.
    public func append(_ event: PresenceEvent) async throws(StoreError) {
        let partition = Partitioner.partition(of: event.entity, count: partitionCount)
        _ = try await appendOne(PresenceRecord.event(event).record, to: .presence, partition: partition)
    }

    /// Appends many presence events, to the partitions of their mailboxes; those of one partition keep their order.
    public func append(_ events: [PresenceEvent]) async throws(StoreError) {
        try await append(events.map { ($0.entity, PresenceRecord.event($0).record) }, to: .presence)
    }

    /// Appends what a front says of its streams, split by the partitions of their mailboxes.
    public func append(_ renewal: RouteRenewal) async throws(StoreError) {
        for (partition, part) in renewal.split(partitionCount: partitionCount) {
            _ = try await appendOne(PresenceRecord.routes(part).record, to: .presence, partition: partition)
        }
    }

    /// Appends what could not be processed to the dead letters of its partition.
    public func append(_ letter: DeadLetter) async throws(StoreError) {
        _ = try await appendOne(letter.record, to: .deadLetters, partition: letter.partition)
    }

    /// Appends records to the partitions of their mailboxes, 256 at a time; those of one partition keep their order.
    private func append(
        _ records: [(mailbox: Identity, record: LogRecord)], to topic: LogTopic
    ) async throws(StoreError) {
        let homes = Dictionary(grouping: records) { Partitioner.partition(of: $0.mailbox, count: partitionCount) }
        for (partition, records) in homes.sorted(by: { $0.key < $1.key }) {
            var rest = records[...]
            while !rest.isEmpty {
                let some = rest.prefix(256).map(\.record)
                rest = rest.dropFirst(some.count)
                _ = try await append(some, to: topic, partition: partition)
            }
        }
    }

    private func appendOne(
        _ record: LogRecord, to topic: LogTopic, partition: Int
    ) async throws(StoreError) -> UInt64 {
        guard let offset = try await append([record], to: topic, partition: partition).first else {
            throw StoreError(.corrupt, "the log gave no offset for a record of \(topic.name); report this")
        }
        return offset
    }
}
