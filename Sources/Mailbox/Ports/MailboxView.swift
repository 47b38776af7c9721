import IdentityBasedEncryption
import Primitives

/// The view: what every mailbox holds now. A fold of the log that carries its own position, and nothing that the log
/// cannot give back.
///
/// Redis is behind it in a cluster, all keys of partition n under the hash tag `{n}`; SQLite on one machine. Everything
/// but `apply` and `discard` only reads. Routes and presence may vanish by themselves once they have expired, and are
/// not returned from then on.
public protocol MailboxView: Sendable {
    /// How far the view of a partition reaches; none where there is no view.
    func position(of partition: Int) async throws(StoreError) -> ViewPosition?

    /// What a fold needs to know, and the position that it belongs to, read in one step.
    func excerpt(_ needs: ViewNeeds, of partition: Int) async throws(StoreError) -> ViewExcerpt

    /// Applies changes and moves the position, in one step, if the position still is `from` (none: no view yet).
    /// - Returns: false, and nothing is changed, if the position is another: someone else went on. Read it and fold
    ///   from there.
    func apply(
        _ changes: [ViewChange], to partition: Int, from: ViewPosition?, reaching: ViewPosition
    ) async throws(StoreError) -> Bool

    /// Throws the view of a partition away, with its position, if that still is `at`. Folding from nothing makes it
    /// again.
    /// - Returns: false, and nothing is changed, if the position is another.
    func discard(partition: Int, at: ViewPosition?) async throws(StoreError) -> Bool

    /// What waits in a mailbox after an offset (none: from the first), in the order of the log, and how far the view
    /// reached, read in one step.
    func pending(
        in mailbox: Identity, partition: Int, after offset: UInt64?, limit: PageLimit
    ) async throws(StoreError) -> PendingPage

    /// One deposit, if it waits.
    func deposit(_ key: DepositKey, partition: Int) async throws(StoreError) -> PendingDeposit?

    /// Sees to it that nothing that was removed longer ago than `age` is in the store's files, where it has any of which
    /// memory alone is not enough. Whoever removes asks for it in time (`ErasureSchedule`); asked again it costs little.
    /// - Returns: how long ago the writing of the files began that are there now: what was removed before is in none of
    ///   them. None where it is not done yet: ask again.
    func erase(removedFor age: Duration) async throws(StoreError) -> Duration?

    /// How much waits in a mailbox.
    func usage(of mailbox: Identity, partition: Int) async throws(StoreError) -> MailboxUsage

    /// How many deposits and receipts wait in all mailboxes of a partition.
    func backlog(of partition: Int) async throws(StoreError) -> UInt64

    /// The routes to a mailbox's streams that have not expired at `now`, the one opened last first.
    func routes(
        to mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> [Route]

    /// The presence of a mailbox's owner, unless it has expired at `now`.
    func presence(
        of mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> Presence?

    /// Mailboxes of a partition that can be reached at `now`, by a route or a contact, and have something waiting; in
    /// an order of the store's own, those after `mailbox`. For an owner that begins.
    func reachable(
        in partition: Int, after mailbox: Identity?, now: UTCTime, limit: Int
    ) async throws(StoreError) -> [Identity]

    /// Deposits of a partition whose lifetime has passed by `moment`, the longest overdue first.
    func due(
        in partition: Int, by moment: UTCTime, limit: Int
    ) async throws(StoreError) -> [KnownDeposit]
}

/// What waits in a mailbox, as one look at the view found it.
public struct PendingPage: Sendable, Hashable {
    /// The first that wait behind the offset asked for, in order.
    public let deposits: [PendingDeposit]
    /// How far the view reached, none where there was none: what lies beyond may wait and not be here.
    public let position: ViewPosition?

    /// A page from its parts.
    public init(deposits: [PendingDeposit], position: ViewPosition?) {
        self.deposits = deposits
        self.position = position
    }
}

/// A deposit that waits: its envelope, and its place in the queue.
public struct PendingDeposit: Sendable, Hashable {
    /// The offset of its first envelope in the partition.
    public let offset: UInt64
    /// The envelope.
    public let envelope: Envelope

    /// A deposit at its place.
    public init(offset: UInt64, envelope: Envelope) {
        self.offset = offset
        self.envelope = envelope
    }

    /// What the fold needs to know of it later.
    public var known: KnownDeposit {
        KnownDeposit(
            key: envelope.key, offset: offset, headerDigest: HashFunction.sha256.hash(envelope.header),
            expiresAt: envelope.expiresAt, octets: envelope.ciphertextLength, receiptTo: envelope.receiptTo)
    }
}

/// What the fold needs to know of a deposit that waits; stores keep it so that they need not read envelopes for it.
public struct KnownDeposit: Sendable, Hashable {
    /// Its key.
    public let key: DepositKey
    /// Its place in the queue: the offset of its first envelope.
    public let offset: UInt64
    /// SHA-256 of its header, 32 octets.
    public let headerDigest: [UInt8]
    /// When its lifetime has passed.
    public let expiresAt: UTCTime
    /// Octets of its ciphertext, as the mailbox's usage counts them.
    public let octets: UInt64
    /// Who asked for a delivery receipt, or none.
    public let receiptTo: Identity?

    /// A summary from its parts.
    public init(
        key: DepositKey, offset: UInt64, headerDigest: [UInt8], expiresAt: UTCTime, octets: UInt64,
        receiptTo: Identity?
    ) {
        self.key = key
        self.offset = offset
        self.headerDigest = headerDigest
        self.expiresAt = expiresAt
        self.octets = octets
        self.receiptTo = receiptTo
    }
}

/// How much waits in a mailbox.
public struct MailboxUsage: Sendable, Hashable {
    /// How many deposits.
    public var count: UInt64
    /// Octets of their ciphertexts.
    public var octets: UInt64

    /// A usage from its parts.
    public init(count: UInt64 = 0, octets: UInt64 = 0) {
        self.count = count
        self.octets = octets
    }
}

/// What a fold asks of the view before it can go on.
public struct ViewNeeds: Sendable, Hashable {
    /// Deposits that the records name.
    public var deposits: Set<DepositKey>
    /// Mailboxes whose usage may change.
    public var usage: Set<Identity>
    /// Mailboxes whose presence may change, or for which something arrives.
    public var presence: Set<Identity>

    /// Needs from their parts.
    public init(deposits: Set<DepositKey> = [], usage: Set<Identity> = [], presence: Set<Identity> = []) {
        self.deposits = deposits
        self.usage = usage
        self.presence = presence
    }
}

/// What the view answers; what is missing in it is not there.
public struct ViewExcerpt: Sendable, Hashable {
    /// The position that all of this belongs to.
    public var position: ViewPosition?
    /// Those of the deposits that wait.
    public var deposits: [DepositKey: KnownDeposit]
    /// Usages that are not zero.
    public var usage: [Identity: MailboxUsage]
    /// Presences, expired or not.
    public var presence: [Identity: Presence]

    /// An excerpt from its parts.
    public init(
        position: ViewPosition? = nil, deposits: [DepositKey: KnownDeposit] = [:],
        usage: [Identity: MailboxUsage] = [:], presence: [Identity: Presence] = [:]
    ) {
        self.position = position
        self.deposits = deposits
        self.usage = usage
        self.presence = presence
    }
}

/// One change of the view. Applied in order; each sets what it names, so that applying one again would change nothing.
public enum ViewChange: Sendable, Hashable {
    /// A deposit waits. One of the same key and offset may be there already: this envelope takes the place of its
    /// envelope.
    case insert(PendingDeposit)
    /// A deposit that waited does so no more; its envelope with the ESK must be gone from the store.
    case remove(KnownDeposit)
    /// The usage of a mailbox is now this; zero may be left out of the store.
    case usage(Identity, MailboxUsage)
    /// There is a route, or it is renewed; routes of a mailbox are told apart by their streams.
    case route(Identity, Route)
    /// The route to this stream is gone.
    case removeRoute(Identity, StreamID)
    /// The owner's presence is now this.
    case presence(Identity, Presence)
}
