/// A call of a client with streams. It is cancelled when nobody holds it any more.
///
/// One task at a time may receive; several may send, and take turns. Cancelling a task that waits here cancels the call.
public final class RPCCall: Sendable {
    private let core: CoreCall
    private let outcome: CallOutcome
    private let path: String

    init(core: CoreCall, outcome: CallOutcome, path: String) {
        self.core = core
        self.outcome = outcome
        self.path = path
    }

    deinit {
        core.cancel()
    }

    /// Sends a message, and waits until flow control has taken it: who awaits this never piles up what the server does
    /// not read. False when the call is over (the server may answer before it has read all): ``receive()`` says how.
    ///
    /// Throws CANCELLED when the task is cancelled, and nothing else.
    public func send(_ message: [UInt8]) async throws(RPCStatus) -> Bool {
        guard let isSent = await core.send(message) else {
            core.cancel()
            throw Self.cancelled
        }
        return isSent
    }

    /// Says that no more messages follow.
    public func finish() async {
        await core.halfClose()
    }

    /// The next message; nil when the server has sent its last and said OK.
    ///
    /// Throws the call's status when it ended otherwise.
    public func receive() async throws(RPCStatus) -> [UInt8]? {
        switch await core.receive() {
        case .message(let octets):
            return octets
        case .end, .broken:
            let status = await self.status
            guard status.code == .ok else { throw status }
            return nil
        case nil:
            core.cancel()
            throw Self.cancelled
        }
    }

    /// Says that no more messages follow, and waits for the one answer of a client-streaming call.
    public func response() async throws(RPCStatus) -> [UInt8] {
        await finish()
        guard let message = try await receive() else {
            throw RPCStatus(.internal, "the server answered \(path) without a message")
        }
        // The status comes after the message and may still say that it does not count.
        guard try await receive() == nil else {
            throw RPCStatus(.internal, "the server answered \(path) with more than one message")
        }
        return message
    }

    /// Ends the call; the server's handler is cancelled.
    public func cancel() {
        core.cancel()
    }

    /// SHA-256 of the certificate (DER) that the server has shown, verified or not; nil without TLS, and before the
    /// first message has come.
    public var peerCertificateDigest: [UInt8]? { core.peerCertificatePEM.flatMap(certificateDigest(pem:)) }

    private var status: RPCStatus {
        get async {
            await withTaskCancellationHandler {
                await outcome.status
            } onCancel: {
                core.cancel()
            }
        }
    }

    private static let cancelled = RPCStatus(.cancelled, "the task is cancelled")
}
