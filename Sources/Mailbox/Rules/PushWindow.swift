import Primitives

/// What a delivery worker pushes next into one stream: what waits, in the order of the log, as much at a time as the
/// window holds.
///
/// Every stream begins with the first that waits. What the recipient leaves unanswered is not pushed again into this
/// stream; an answer to a later one shows that he has passed it, so it stops taking room.
public struct PushWindow: Sendable {
    private struct InFlight: Sendable {
        let offset: UInt64
        let key: DepositKey
        let octets: UInt64
    }

    /// The most deposits, and octets of ciphertext, that may be unanswered. One deposit is always allowed, whatever its
    /// size.
    public let limit: PageLimit
    /// The offset of the last deposit pushed or passed over; read what waits after it.
    public private(set) var cursor: UInt64?
    private var inFlight: [InFlight] = []

    /// A push: a deposit, and the offset of the one pushed before it into this stream (none: it is the first).
    public struct Push: Sendable, Hashable {
        /// The deposit.
        public let deposit: PendingDeposit
        /// The offset of the push before.
        public let after: UInt64?

        /// A push from its parts, as the front reads it.
        public init(deposit: PendingDeposit, after: UInt64?) {
            self.deposit = deposit
            self.after = after
        }
    }

    private var lastPushed: UInt64?

    /// An empty window for a new stream.
    public init(limit: PageLimit) { self.limit = limit }

    /// How many deposits are unanswered and not passed.
    public var inFlightCount: Int { inFlight.count }

    /// The deposits that are unanswered and not passed, in order.
    public var unanswered: [DepositKey] { inFlight.map(\.key) }

    /// Whether another deposit may be pushed.
    public var hasRoom: Bool {
        inFlight.isEmpty || (inFlight.count < limit.count && inFlightOctets < UInt64(limit.octets))
    }

    private var inFlightOctets: UInt64 { inFlight.reduce(0) { $0 &+ $1.octets } }

    /// Takes what to push now.
    /// - Parameters:
    ///   - pending: what waits after `cursor`, in order; what lies before it is passed over.
    ///   - lost: what is passed over as well.
    public mutating func take(
        _ pending: [PendingDeposit], now: UTCTime, passingOver lost: Set<DepositKey> = []
    ) -> [Push] {
        var pushes: [Push] = []
        for deposit in pending where cursor.map({ deposit.offset > $0 }) ?? true {
            guard hasRoom else { break }
            cursor = deposit.offset
            // What has expired is not given out any more, though the log may not say so yet.
            guard now < deposit.envelope.expiresAt, !lost.contains(deposit.envelope.key) else { continue }
            pushes.append(Push(deposit: deposit, after: lastPushed))
            lastPushed = deposit.offset
            inFlight.append(
                InFlight(
                    offset: deposit.offset, key: deposit.envelope.key, octets: deposit.envelope.ciphertextLength))
        }
        return pushes
    }

    /// Takes the news that a deposit is over, by this stream's answer.
    public mutating func settle(_ key: DepositKey) {
        guard let place = inFlight.firstIndex(where: { $0.key == key }) else { return }
        inFlight.removeFirst(place + 1)
    }

    /// Takes the news that a deposit is over, not by this stream's answer: acknowledged elsewhere, or expired.
    public mutating func forget(_ key: DepositKey) { inFlight.removeAll { $0.key == key } }
}

/// The front's side of pushes into one stream: merges those of several workers into one order without repeats.
///
/// Each worker pushes what it sees waiting, from the first, in order, and says with each push which it pushed before.
/// So what a push skips was over when it was read, and what comes at or before the cursor was sent before or is over.
public struct StreamCursor: Sendable, Hashable {
    /// The offset of the last deposit sent into the stream, or none.
    public private(set) var sent: UInt64?

    /// What to do with a push.
    public enum Answer: Sendable, Hashable {
        /// Send it.
        case send
        /// Drop it: it was sent before, or is over.
        case drop
        /// The push before it has not arrived: refuse, and let the worker begin again with the first that waits.
        case gap
    }

    /// A cursor of a new stream.
    public init() {}

    /// Takes a push of the deposit at `offset`, before which its worker pushed `previous` into this stream.
    public mutating func take(_ offset: UInt64, after previous: UInt64?) -> Answer {
        if let sent, offset <= sent { return .drop }
        if let previous, sent.map({ previous > $0 }) ?? true { return .gap }
        sent = offset
        return .send
    }
}
