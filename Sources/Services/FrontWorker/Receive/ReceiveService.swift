import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC

/// `Mailbox.Receive`: a recipient proves himself on a call of his own, which is his stream then.
struct ReceiveService: Sendable {
    let exchange: ExchangeService
    let streams: StreamService
    let configuration: FrontConfiguration
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
        let keys = try DeliverySession(tgk: session.tgk, csbID: session.csbIDOctets)
        try await streams.serve(session.initiator, keys, over: RecipientLink(requests, responses))
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
}
