import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import RPC
import WorkPool

/// One recipient's open stream, after he has proved himself: numbers what is sent, one deposit after the other, and checks what he answers.
actor RecipientStream {
    nonisolated let id: StreamID
    nonisolated let recipient: Identity
    nonisolated let openedAt: UTCTime
    private let link: RecipientLink
    private var session: DeliverySession
    private var cursor = StreamCursor()
    private var watchers: [DepositKey: [@Sendable (PushOutcome) -> Void]] = [:]
    /// When what is not answered yet began to be sent.
    private var sentAt: [DepositKey: ContinuousClock.Instant] = [:]
    /// Answered, and not on their way into the log yet.
    private var answers: [Answer] = []
    private let turn = Turnstile()
    private var lastMove = ContinuousClock.now
    /// How the stream ended; whoever serves it and whoever pushes into it waits for this.
    nonisolated let end = StreamEnd()

    init(id: StreamID, recipient: Identity, openedAt: UTCTime, session: DeliverySession, link: RecipientLink) {
        self.id = id
        self.recipient = recipient
        self.openedAt = openedAt
        self.session = session
        self.link = link
    }

    /// What the recipient said of a delivery, with a MAC that was right.
    struct Answer: Sendable {
        let sequence: UInt64
        let key: DepositKey
        let isRefusal: Bool
    }

    /// What `deliver` did.
    enum Delivered: Sendable {
        /// The deposit and all of its chunks went into the stream.
        case sent
        /// It had been sent before, or is over.
        case dropped
        /// A push before it is missing.
        case gap
    }

    /// Sends a deposit. `chunks` gives its sealed chunks in order, nil behind the last; all are taken also where the deposit is dropped.
    ///
    /// `watcher` hears of the recipient's answer. Deposits of several pushers take turns, whole.
    func deliver(
        _ push: PushWindow.Push, watcher: @escaping @Sendable (PushOutcome) -> Void,
        chunks: @Sendable () async throws -> [UInt8]?
    ) async throws -> Delivered {
        await turn.enter()
        defer { turn.leave() }
        let envelope = push.deposit.envelope
        switch cursor.take(push.deposit.offset, after: push.after) {
        case .gap: return .gap
        case .drop:
            while try await chunks() != nil {}
            return .dropped
        case .send: break
        }
        lastMove = .now
        watchers[envelope.key, default: []].append(watcher)
        sentAt[envelope.key] = .now
        do {
            let opening = MailboxAPI.Delivery(session.open(envelope), octets: envelope.ciphertextLength)
            try await link.send(ReceiveResponse(.delivery(opening)))
            while let chunk = try await chunks() { try await link.send(ReceiveResponse(.chunk(chunk))) }
        } catch {
            // Nothing can follow half a delivery in this stream.
            end.set(RPCStatus(.unavailable, "a delivery was cut short: open another stream"))
            throw error
        }
        return .sent
    }

    /// Says that all that was waiting has been sent.
    func caughtUp() async throws {
        await turn.enter()
        defer { turn.leave() }
        try await link.send(ReceiveResponse(.caughtUp(CaughtUp())))
    }

    /// Checks an answer and keeps it for `takeAnswers`. Throws `DeliverySession.Fault`.
    ///
    /// Each delivery can be answered once, and the pushers' window bounds how many are not answered: so many wait at most.
    func take(_ answer: Mailbox.Acknowledgement) throws(DeliverySession.Fault) {
        lastMove = .now
        let key = try session.settle(answer)
        answers.append(Answer(sequence: answer.sequence, key: key, isRefusal: answer.isRefusal))
    }

    /// The answers that came since the last call.
    func takeAnswers() -> [Answer] {
        defer { answers = [] }
        return answers
    }

    /// Waits until nothing has been sent and nothing answered for so long.
    func waitUntilQuiet(for limit: Duration) async throws {
        while lastMove + limit > .now { try await Task.sleep(until: lastMove + limit, clock: .continuous) }
    }

    /// Tells the recipient and the pushers that the log has his answer. Returns when what he answered began to be sent.
    func settled(_ answer: Answer) async throws -> ContinuousClock.Instant? {
        let sent = sentAt.removeValue(forKey: answer.key)
        for watcher in watchers.removeValue(forKey: answer.key) ?? [] {
            watcher(PushOutcome(id: answer.key.id.octets, refused: answer.isRefusal))
        }
        let settled = Settled(sequence: answer.sequence, id: answer.key.id.octets)
        try await link.send(ReceiveResponse(.settled(settled)))
        return sent
    }
}

extension MailboxAPI.Delivery {
    init(_ delivery: Mailbox.Delivery, octets: UInt64) {
        self.init(
            sequence: delivery.sequence, header: delivery.header, esk: delivery.encryptedKey, sender: delivery.sender,
            receivedAtMs: UInt64(delivery.receivedAt.milliseconds), senderProof: delivery.senderProof ?? [],
            mac: delivery.mac, ciphertextOctets: octets)
    }
}
