import MailboxAPI
import RPC

/// What carries a recipient's stream: his call, or one that the front has made to his contact.
struct RecipientLink: Sendable {
    /// Sends to the recipient, and waits until flow control has taken it.
    let send: @Sendable (ReceiveResponse) async throws -> Void
    /// The recipient's next message; nil when he has sent his last.
    let next: @Sendable () async throws -> ReceiveRequest?

    /// A call that the recipient has made.
    init(_ requests: Requests<ReceiveRequest>, _ responses: Responses<ReceiveResponse>) {
        send = { try await responses.send($0) }
        next = { try await requests.next() }
    }

    /// A call that was made to his contact.
    init(_ call: Call<ReceiveResponse, ReceiveRequest>) {
        send = { message in
            guard try await call.send(message) else { throw RPCStatus(.unavailable, "the contact has hung up") }
        }
        next = { try await call.receive() }
    }
}
