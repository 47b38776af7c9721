import MailboxAPI
import RPC

/// What carries a recipient's stream: his call to a front, or the call of his mailbox to him.
struct MailboxLink: Sendable {
    /// Sends to the mailbox. False where the call is over: receiving says how.
    let send: @Sendable (ReceiveRequest) async throws -> Bool
    /// The mailbox's next message; nil when it has sent its last.
    let receive: @Sendable () async throws -> ReceiveResponse?
    /// Says that nothing more is sent.
    let finish: @Sendable () async -> Void
    /// Ends the call.
    let cancel: @Sendable () -> Void

    /// A call of the recipient to a front.
    init(_ call: Call<ReceiveRequest, ReceiveResponse>) {
        send = { try await call.send($0) }
        receive = { try await call.receive() }
        finish = { await call.finish() }
        cancel = { call.cancel() }
    }

    /// A call of the mailbox; it ends when its handler returns.
    init(_ requests: Requests<ReceiveResponse>, _ responses: Responses<ReceiveRequest>) {
        send = { message in
            try await responses.send(message)
            return true
        }
        receive = { try await requests.next() }
        finish = {}
        cancel = {}
    }
}
