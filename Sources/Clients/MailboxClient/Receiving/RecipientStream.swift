import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import RPC

/// One stream of a recipient behind its exchange: takes deliveries, answers them, and waits until the mailbox has the
/// answers.
struct RecipientStream {
    /// A deposit that is stored and waits for its turn to be shown.
    struct Stored: Sendable {
        let deposit: ReceivedDeposit
        let id: DepositID
        let lifetimeSeconds: UInt32
    }

    /// What becomes of the chunks that come now.
    enum Current {
        /// They belong to nothing that is wanted.
        case skipped
        case content(DeliveryContent, sequence: UInt64, keys: KeyBasis)
    }

    /// A mailbox that keeps somebody who waits for the end without a word for so long is given up.
    private static let patience = Duration.seconds(60)

    let recipient: Identity
    let client: MailboxClient
    let inbox: Inbox
    let options: ReceiveOptions
    let hear: @Sendable (ReceiveEvent) async -> Void
    let link: MailboxLink

    var session: RecipientSession
    var summary: ReceiveSummary
    var current = Current.skipped
    /// Octets of chunks that the current delivery still has to bring.
    var rest: UInt64 = 0
    var order = DeliveryOrder<Stored>()
    /// Sequences under which a deposit came that is stored and not yet shown.
    var waiting: [String: [UInt64]] = [:]
    /// Sequences that were answered, and since when, of which the mailbox has not yet said that its log has the answer.
    var unsettled: [UInt64: ContinuousClock.Instant] = [:]
    var isCaughtUp = false
    /// Whether this stream got further than the one before it could: then another is worth a new budget of retries. What
    /// comes to everybody who connects does not count, or a mailbox that breaks each stream would be called for ever.
    private(set) var hasProgress = false
    private var lastMessage = ContinuousClock.now

    init(
        _ session: RecipientSession, link: MailboxLink, client: MailboxClient, inbox: Inbox, options: ReceiveOptions,
        summary: ReceiveSummary, hear: @escaping @Sendable (ReceiveEvent) async -> Void
    ) {
        recipient = session.recipient
        self.session = session
        self.link = link
        self.client = client
        self.inbox = inbox
        self.options = options
        self.summary = summary
        self.summary.left = 0
        self.hear = hear
    }

    /// Runs until all has come and is settled, where that is wanted. Throws what breaks the stream.
    mutating func run() async throws {
        let queue = TimedQueue<ReceiveResponse>()
        // Cancelled below: reading what the mailbox has to say would not end by itself.
        let pumping = Task { [link] in await Self.pump(link, into: queue) }
        let result: Result<Void, any Error>
        do {
            try await withTaskCancellationHandler {
                try await consume(queue)
            } onCancel: {
                // Who waits for the next message does not notice that he is cancelled; its reader does, and ends the queue.
                pumping.cancel()
            }
            result = .success(())
            await link.finish()
        } catch {
            result = .failure(error)
        }
        queue.end(nil)
        link.cancel()
        pumping.cancel()
        await pumping.value
        try result.get()
    }

    /// Reads ahead by one message, so that waiting for the next can have a limit without harm to the call.
    private static func pump(_ link: MailboxLink, into queue: TimedQueue<ReceiveResponse>) async {
        do {
            while let message = try await link.receive() { await queue.put(message) }
            queue.end(nil)
        } catch {
            queue.end(error)
        }
    }

    private mutating func consume(_ queue: TimedQueue<ReceiveResponse>) async throws {
        while !isDrained {
            switch await queue.take(until: nextDeadline) {
            case .element(let response):
                lastMessage = .now
                try await take(response)
                try await show(order.due(at: .now))
            case .end(let error):
                throw error ?? RPCStatus(.unavailable, "the mailbox ended the stream")
            case .timeout: try await waited()
            }
        }
    }

    private var isDrained: Bool {
        !options.follows && isCaughtUp && unsettled.isEmpty && waiting.isEmpty && rest == 0
    }

    /// Until when the next message is waited for.
    private var nextDeadline: ContinuousClock.Instant? {
        var deadlines: [ContinuousClock.Instant] = []
        if let release = order.nextRelease { deadlines.append(release) }
        if !unsettled.isEmpty || isOnlyLeft { deadlines.append(lastMessage + options.settleLimit) }
        if !options.follows { deadlines.append(lastMessage + Self.patience) }
        return deadlines.min()
    }

    /// Whether all that keeps who waits for the end is what he cannot judge.
    private var isOnlyLeft: Bool {
        !options.follows && summary.left > 0 && unsettled.isEmpty && waiting.isEmpty && rest == 0
    }

    private mutating func waited() async throws {
        try await show(order.due(at: .now))
        guard lastMessage + options.settleLimit <= .now else { return }
        if isOnlyLeft {
            isCaughtUp = true
        } else if !unsettled.isEmpty {
            throw RPCStatus(.deadlineExceeded, "it does not say that it has the acknowledgements")
        } else if !options.follows, lastMessage + Self.patience <= .now {
            throw RPCStatus(.deadlineExceeded, "it sends nothing")
        }
    }

    private mutating func take(_ response: ReceiveResponse) async throws {
        switch response.part {
        case .delivery(let delivery):
            guard rest == 0 else { throw StreamFault("a delivery came before all chunks of the one before it") }
            isCaughtUp = false
            rest = delivery.ciphertextOctets
            current = .skipped
            try await open(delivery)
            if rest == 0 { try await finish() }
        case .chunk(let chunk):
            guard !chunk.isEmpty, chunk.count <= rest else { throw StreamFault("more chunks came than were announced") }
            rest -= UInt64(chunk.count)
            try await append(chunk)
            if case .content = current { hasProgress = true }
            if rest == 0 { try await finish() }
        case .settled(let settled):
            hasProgress = true
            if let since = unsettled.removeValue(forKey: settled.sequence) { options.settled(.now - since) }
        case .caughtUp:
            isCaughtUp = true
            if options.follows { hasProgress = true }
            await hear(.caughtUp)
        case .mikey: throw StreamFault("a MIKEY message came behind the exchange: the mailbox has ended the session")
        case nil: break
        }
    }
}

/// Something on a stream that a mailbox does not send: the stream is closed and another is opened.
struct StreamFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
