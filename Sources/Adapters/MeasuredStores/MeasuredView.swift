import IdentityBasedEncryption
import Mailbox
import Observability
import Primitives

/// A view whose calls are measured.
public struct MeasuredView: MailboxView {
    private let view: any MailboxView
    private let measured: Measured

    /// The same view, measured.
    public init(_ view: any MailboxView, _ metrics: StoreMetrics) {
        self.view = view
        measured = metrics.store("view")
    }

    /// As the view does.
    public func position(of partition: Int) async throws(StoreError) -> ViewPosition? {
        try await measured.call("position") { () throws(StoreError) in try await view.position(of: partition) }
    }

    /// As the view does.
    public func excerpt(_ needs: ViewNeeds, of partition: Int) async throws(StoreError) -> ViewExcerpt {
        try await measured.call("excerpt") { () throws(StoreError) in try await view.excerpt(needs, of: partition) }
    }

    /// As the view does.
    public func apply(
        _ changes: [ViewChange], to partition: Int, from: ViewPosition?, reaching: ViewPosition
    ) async throws(StoreError) -> Bool {
        try await measured.call("apply") { () throws(StoreError) in
            try await view.apply(changes, to: partition, from: from, reaching: reaching)
        }
    }

    /// As the view does.
    public func discard(partition: Int, at position: ViewPosition?) async throws(StoreError) -> Bool {
        try await measured.call("discard") { () throws(StoreError) in
            try await view.discard(partition: partition, at: position)
        }
    }

    /// As the view does.
    public func pending(
        in mailbox: Identity, partition: Int, after offset: UInt64?, limit: PageLimit
    ) async throws(StoreError) -> PendingPage {
        try await measured.call("pending") { () throws(StoreError) in
            try await view.pending(in: mailbox, partition: partition, after: offset, limit: limit)
        }
    }

    /// As the view does.
    public func deposit(_ key: DepositKey, partition: Int) async throws(StoreError) -> PendingDeposit? {
        try await measured.call("deposit") { () throws(StoreError) in
            try await view.deposit(key, partition: partition)
        }
    }

    /// As the view does.
    public func usage(of mailbox: Identity, partition: Int) async throws(StoreError) -> MailboxUsage {
        try await measured.call("usage") { () throws(StoreError) in
            try await view.usage(of: mailbox, partition: partition)
        }
    }

    /// As the view does.
    public func erase(removedFor age: Duration) async throws(StoreError) -> Duration? {
        try await measured.call("erase") { () throws(StoreError) in try await view.erase(removedFor: age) }
    }

    /// As the view does.
    public func backlog(of partition: Int) async throws(StoreError) -> UInt64 {
        try await measured.call("backlog") { () throws(StoreError) in try await view.backlog(of: partition) }
    }

    /// As the view does.
    public func routes(
        to mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> [Route] {
        try await measured.call("routes") { () throws(StoreError) in
            try await view.routes(to: mailbox, partition: partition, now: now)
        }
    }

    /// As the view does.
    public func presence(
        of mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> Presence? {
        try await measured.call("presence") { () throws(StoreError) in
            try await view.presence(of: mailbox, partition: partition, now: now)
        }
    }

    /// As the view does.
    public func reachable(
        in partition: Int, after mailbox: Identity?, now: UTCTime, limit: Int
    ) async throws(StoreError) -> [Identity] {
        try await measured.call("reachable") { () throws(StoreError) in
            try await view.reachable(in: partition, after: mailbox, now: now, limit: limit)
        }
    }

    /// As the view does.
    public func due(
        in partition: Int, by moment: UTCTime, limit: Int
    ) async throws(StoreError) -> [KnownDeposit] {
        try await measured.call("due") { () throws(StoreError) in
            try await view.due(in: partition, by: moment, limit: limit)
        }
    }
}
