import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import RPC

/// `Contact.Deliver`: a recipient's answer to a call that says it comes from his mailbox. It must prove that, and so must he
/// (docs/protocol.md choice 29); from then on all is as in a stream that he has opened.
struct ContactService: ContactHandlers {
    /// How long the mailbox may take for each message of the exchange.
    private static let patience = Duration.seconds(20)

    let client: MailboxClient
    let recipient: Identity
    let mailbox: Identity
    let inbox: Inbox
    let certificateDigest: [UInt8]
    let hear: @Sendable (ReceiveEvent) async -> Void
    /// Hears what is wrong with this machine.
    let fail: @Sendable (any Error) -> Void
    private let turn = ContactTurn()

    init(
        client: MailboxClient, recipient: Identity, mailbox: Identity, inbox: Inbox, certificateDigest: [UInt8],
        hear: @escaping @Sendable (ReceiveEvent) async -> Void, fail: @escaping @Sendable (any Error) -> Void
    ) {
        self.client = client
        self.recipient = recipient
        self.mailbox = mailbox
        self.inbox = inbox
        self.certificateDigest = certificateDigest
        self.hear = hear
        self.fail = fail
    }

    /// Throws `RPCStatus`.
    func deliver(
        _ requests: Requests<ReceiveResponse>, _ responses: Responses<ReceiveRequest>, _ context: RPCContext
    ) async throws {
        let session: RecipientSession
        do {
            session = try await prove(requests, responses)
        } catch let error as IBAKEError {
            throw RPCStatus(.permissionDenied, "the exchange failed: \(error)")
        } catch is InvalidIdentity {
            throw RPCStatus(.invalidArgument, "no MIKEY message with an IDRi that is a URI")
        } catch let error as MailboxClientError {
            throw RPCStatus(.unavailable, "the recipient's keys are not at hand: \(error)")
        }
        try await turn.take { [self] in
            var options = ReceiveOptions()
            options.follows = true
            var stream = RecipientStream(
                session, link: MailboxLink(requests, responses), client: client, inbox: inbox, options: options,
                summary: ReceiveSummary(), hear: hear)
            do {
                try await stream.run()
            } catch let status as RPCStatus where status.code == .unavailable || status.code == .cancelled {
                // The mailbox has hung up.
            } catch let fault as RecipientSession.Fault {
                throw RPCStatus(.permissionDenied, "\(fault)")
            } catch let fault as StreamFault {
                throw RPCStatus(.invalidArgument, "\(fault)")
            } catch let error where !(error is CancellationError) && !(error is RPCStatus) {
                fail(error)
                throw RPCStatus(.unavailable, "the recipient's machine fails")
            }
        }
    }

    /// The four messages, and the word about the certificate. Who is not even said to be the mailbox costs nothing.
    private func prove(
        _ requests: Requests<ReceiveResponse>, _ responses: Responses<ReceiveRequest>
    ) async throws -> RecipientSession {
        let now = client.now
        let days = [-600_000, 0, 600_000].map { now().advanced(byMilliseconds: $0).day }
        var responder: IBAKEResponder?
        var state: ResponderState?
        for _ in 1...2 {
            let message = try await next(requests)
            let key = try ExchangeKey(of: message)
            guard key.initiator == mailbox else {
                throw RPCStatus(.permissionDenied, "\(recipient) takes calls from \(mailbox) alone")
            }
            if responder == nil {
                let ring = try await client.keys.ring(of: recipient, on: Set(days))
                responder = IBAKEResponder(names: [recipient], keys: ring)
            }
            guard let known = responder else { continue }
            let before = state
            do {
                let answer = try await client.pool.run {
                    try known.answer(message, state: before, now: now(), random: SystemRandom())
                }
                state = answer.state
                try await responses.send(ReceiveRequest(.mikey(answer.octets)))
            } catch let error as IBAKEError {
                if let answer = error.message(answering: message, now: now()) {
                    try await responses.send(ReceiveRequest(.mikey(answer)))
                }
                throw error
            }
        }
        guard let session = state?.session, session.initiator == mailbox, session.called == recipient,
            session.responder == recipient
        else { throw RPCStatus(.permissionDenied, "that is no exchange of \(mailbox) with \(recipient)") }
        let proven = try RecipientSession(tgk: session.tgk, csbID: session.csbIDOctets, recipient: recipient)
        try await responses.send(ReceiveRequest(.contactMAC(proven.contactMAC(certificateDigest: certificateDigest))))
        return proven
    }

    private func next(_ requests: Requests<ReceiveResponse>) async throws -> [UInt8] {
        let response = try await withThrowingTaskGroup(of: ReceiveResponse?.self) { group in
            group.addTask { try await requests.next() }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                throw RPCStatus(.deadlineExceeded, "nothing came for \(Self.patience)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard case .mikey(let message)? = response?.part else {
            throw RPCStatus(.invalidArgument, "a call of the mailbox begins with I_MESSAGE_1 and I_MESSAGE_2")
        }
        return message
    }
}

/// One stream at a time writes into the inbox. A later one that is proven takes the place of the one before: that may hang on a
/// front which is there no more.
private actor ContactTurn {
    private var current: Task<Void, any Error>?

    func take(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let earlier = current
        earlier?.cancel()
        let task = Task {
            _ = await earlier?.result
            try Task.checkCancellation()
            try await work()
        }
        current = task
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
