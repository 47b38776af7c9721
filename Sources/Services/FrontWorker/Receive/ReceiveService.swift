import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC

/// `Mailbox.Receive`: a recipient proves himself on his own stream, then takes what is pushed into it and says what he has.
struct ReceiveService: Sendable {
    let exchange: ExchangeService
    let registry: StreamRegistry
    let leases: RouteLeases
    let mailLog: any MailLog
    let configuration: FrontConfiguration
    let metrics: FrontMetrics
    let log: Log

    /// Throws `RPCStatus`.
    func receive(_ requests: Requests<ReceiveRequest>, _ responses: Responses<ReceiveResponse>, _ context: RPCContext) async throws {
        do {
            try await serve(requests, responses, context)
        } catch {
            throw FrontFault.status(for: error, log: log)
        }
    }

    private func serve(_ requests: Requests<ReceiveRequest>, _ responses: Responses<ReceiveResponse>, _ context: RPCContext) async throws {
        guard let session = try await prove(requests, responses, context) else { return }
        let stream = RecipientStream(
            id: try StreamID(octets: configuration.random.octets(16)), recipient: session.initiator,
            openedAt: configuration.now(),
            session: try DeliverySession(tgk: session.tgk, csbID: session.csbIDOctets), responses: responses)
        registry.add(stream)
        metrics.streamsOpened.add()
        metrics.streams.add(1)
        defer { metrics.streams.add(-1) }
        log.info("recipient's stream opened", ["recipient": LogValue(stream.recipient)])
        let outcome: Result<Void, any Error>
        do {
            try await leases.open(stream)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await answers(requests, stream) }
                group.addTask { throw try await stream.end.wait() }
                defer { group.cancelAll() }
                try await group.next()
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        registry.remove(stream.id)
        stream.end.set(RPCStatus(.unavailable, "the stream has closed"))
        // In a task of its own: this one is cancelled when the recipient has hung up, and the route must be closed all the same.
        await Task { await leases.close(stream) }.value
        log.info("recipient's stream closed", ["recipient": LogValue(stream.recipient)])
        try outcome.get()
    }

    /// The four messages. Returns none when the exchange ended in an Error message, which the recipient has.
    private func prove(
        _ requests: Requests<ReceiveRequest>, _ responses: Responses<ReceiveResponse>, _ context: RPCContext
    ) async throws -> EstablishedSession? {
        var first: ExchangeKey?
        for round in 1...2 {
            let request = try await withPatience(configuration.limits.exchangePatience) { try await requests.next() }
            guard let request, case .mikey(let message) = request.part else {
                throw RPCStatus(.invalidArgument, "a stream begins with I_MESSAGE_1 and I_MESSAGE_2")
            }
            let answer = try await exchange.answer(message, source: context.source(trustsForwardedFor: configuration.limits.trustsForwardedFor))
            // A repeat proves nothing about who holds this stream, nor does the second message of another exchange.
            guard !answer.isRepeat, round == 1 || answer.isError || answer.exchange == first else {
                throw FrontFault.exchangeUsed
            }
            guard round == 2 || answer.session == nil else {
                throw RPCStatus(.invalidArgument, "a stream begins with I_MESSAGE_1, of an exchange of its own")
            }
            first = answer.exchange
            try await responses.send(ReceiveResponse(.mikey(answer.octets)))
            if answer.isError { return nil }
            guard round == 2 else { continue }
            guard let session = answer.session else {
                throw RPCStatus(.invalidArgument, "I_MESSAGE_2 is due after R_MESSAGE_1")
            }
            // Whoever called somebody else has proved nothing about a mailbox of his own.
            guard session.called == session.responder, session.initiator.mailbox == session.responder else {
                throw RPCStatus(.permissionDenied, "who fetches his mail calls the mailbox of his own name")
            }
            return session
        }
        return nil
    }

    /// Takes acknowledgements until the recipient ends the stream. What he acknowledged is in the log before he hears so.
    private func answers(_ requests: Requests<ReceiveRequest>, _ stream: RecipientStream) async throws {
        while let request = try await requests.next() {
            guard case .acknowledgement(let message) = request.part else {
                throw RPCStatus(.invalidArgument, "only acknowledgements follow the exchange")
            }
            let answer = Mailbox.Acknowledgement(
                sequence: message.sequence, id: try DepositID(octets: message.id), isRefusal: message.refused,
                mac: message.mac)
            let key = try await stream.settle(answer)
            try await mailLog.append(
                Tombstone(key: key, reason: answer.isRefusal ? .refused : .acknowledged, at: configuration.now()))
            log.info(
                answer.isRefusal ? "delivery refused" : "delivery acknowledged", ["deposit": LogValue(key.id)])
            metrics.answers[answer.isRefusal ? "refused" : "acknowledged"].add()
            if let sent = try await stream.settled(answer, key) { metrics.answerTime.observe(since: sent) }
        }
    }
}
