import IdentityBasedEncryption
import Mailbox
import Primitives

/// A log that asks before each call whether it fails, and how long it takes.
package struct HookedLog: MailLog {
    package enum Call: Sendable {
        case append(LogTopic)
        case read(partition: Int)
        case contents(DepositKey)
        case other
    }

    package typealias Hook = @Sendable (Call) async throws(StoreError) -> Void

    private let log: any MailLog
    private let batch: @Sendable (inout LogBatch) -> Void
    private let hook: Hook

    /// - Parameter batch: changes what is read.
    package init(
        _ log: any MailLog, batch: @escaping @Sendable (inout LogBatch) -> Void = { _ in }, _ hook: @escaping Hook
    ) {
        self.log = log
        self.batch = batch
        self.hook = hook
    }

    package var partitionCount: Int { log.partitionCount }

    package func identity() async throws(StoreError) -> String {
        try await hook(.other)
        return try await log.identity()
    }

    package func append(
        _ records: [LogRecord], to topic: LogTopic, partition: Int
    ) async throws(StoreError) -> [UInt64] {
        try await hook(.append(topic))
        return try await log.append(records, to: topic, partition: partition)
    }

    package func read(
        partition: Int, from position: LogPosition, limit: PageLimit, waitingUpTo wait: Duration
    ) async throws(StoreError) -> LogBatch {
        try await hook(.read(partition: partition))
        var batch = try await log.read(partition: partition, from: position, limit: limit, waitingUpTo: wait)
        self.batch(&batch)
        return batch
    }

    package func foldedBefore(partition: Int) async -> LogPosition { await log.foldedBefore(partition: partition) }

    package func bounds(of partition: Int) async throws(StoreError) -> LogBounds {
        try await hook(.other)
        return try await log.bounds(of: partition)
    }

    package func contents(
        _ run: ContentRun, of key: DepositKey, skipping skipped: Int, limit: PageLimit
    ) async throws(StoreError) -> [[UInt8]] {
        try await hook(.contents(key))
        return try await log.contents(run, of: key, skipping: skipped, limit: limit)
    }

    package func deadLetters(
        of partition: Int, from offset: UInt64, limit: PageLimit
    ) async throws(StoreError) -> [StoredRecord] {
        try await hook(.other)
        return try await log.deadLetters(of: partition, from: offset, limit: limit)
    }

    package func tick(partition: Int) async throws(StoreError) {
        try await hook(.other)
        try await log.tick(partition: partition)
    }

    package func ownership() -> AsyncStream<OwnershipChange> { log.ownership() }
}

/// A view that asks before each call about a partition whether it fails.
package struct HookedView: MailboxView {
    package typealias Hook = @Sendable (_ partition: Int) throws(StoreError) -> Void

    private let view: any MailboxView
    private let hook: Hook
    private let pending: @Sendable (Identity) -> Void

    package init(_ view: any MailboxView, _ hook: @escaping Hook) {
        self.view = view
        self.hook = hook
        pending = { @Sendable _ in }
    }

    /// A view that tells of each read of what waits in a mailbox.
    package init(_ view: any MailboxView, pending: @escaping @Sendable (Identity) -> Void) {
        self.view = view
        hook = { _ throws(StoreError) in }
        self.pending = pending
    }

    package func position(of partition: Int) async throws(StoreError) -> ViewPosition? {
        try hook(partition)
        return try await view.position(of: partition)
    }

    package func excerpt(_ needs: ViewNeeds, of partition: Int) async throws(StoreError) -> ViewExcerpt {
        try hook(partition)
        return try await view.excerpt(needs, of: partition)
    }

    package func apply(
        _ changes: [ViewChange], to partition: Int, from: ViewPosition?, reaching: ViewPosition
    ) async throws(StoreError) -> Bool {
        try hook(partition)
        return try await view.apply(changes, to: partition, from: from, reaching: reaching)
    }

    package func discard(partition: Int, at position: ViewPosition?) async throws(StoreError) -> Bool {
        try hook(partition)
        return try await view.discard(partition: partition, at: position)
    }

    package func pending(
        in mailbox: Identity, partition: Int, after offset: UInt64?, limit: PageLimit
    ) async throws(StoreError) -> PendingPage {
        try hook(partition)
        pending(mailbox)
        return try await view.pending(in: mailbox, partition: partition, after: offset, limit: limit)
    }

    package func deposit(_ key: DepositKey, partition: Int) async throws(StoreError) -> PendingDeposit? {
        try hook(partition)
        return try await view.deposit(key, partition: partition)
    }

    package func usage(of mailbox: Identity, partition: Int) async throws(StoreError) -> MailboxUsage {
        try hook(partition)
        return try await view.usage(of: mailbox, partition: partition)
    }

    package func erase(removedFor age: Duration) async throws(StoreError) -> Duration? {
        try await view.erase(removedFor: age)
    }

    package func backlog(of partition: Int) async throws(StoreError) -> UInt64 {
        try hook(partition)
        return try await view.backlog(of: partition)
    }

    package func routes(
        to mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> [Route] {
        try hook(partition)
        return try await view.routes(to: mailbox, partition: partition, now: now)
    }

    package func presence(
        of mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> Presence? {
        try hook(partition)
        return try await view.presence(of: mailbox, partition: partition, now: now)
    }

    package func reachable(
        in partition: Int, after mailbox: Identity?, now: UTCTime, limit: Int
    ) async throws(StoreError) -> [Identity] {
        try hook(partition)
        return try await view.reachable(in: partition, after: mailbox, now: now, limit: limit)
    }

    package func due(
        in partition: Int, by moment: UTCTime, limit: Int
    ) async throws(StoreError) -> [KnownDeposit] {
        try hook(partition)
        return try await view.due(in: partition, by: moment, limit: limit)
    }
}
