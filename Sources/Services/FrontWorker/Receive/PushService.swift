import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC

/// `Push`: what a delivery worker pushes into the streams that this front holds, and whom it has it dial. Mutual TLS lets nobody
/// else call.
struct PushService: PushHandlers {
    /// The URI in a delivery worker's certificate.
    static let role = "poste:delivery-worker"

    let registry: StreamRegistry
    let dialling: DialService
    let metrics: FrontMetrics
    let tracer: Tracer
    let log: Log

    /// Throws `RPCStatus`.
    func push(_ requests: Requests<PushRequest>, _ responses: Responses<PushResponse>, _ context: RPCContext) async throws {
        try requireRole(context)
        do {
            try await take(requests, responses)
        } catch {
            throw FrontFault.status(for: error, log: log)
        }
    }

    /// Throws `RPCStatus`.
    func dial(_ request: DialRequest, _ context: RPCContext) async throws -> DialResponse {
        try requireRole(context)
        do {
            return try await dialling.dial(request)
        } catch {
            throw FrontFault.status(for: error, log: log)
        }
    }

    private func requireRole(_ context: RPCContext) throws(RPCStatus) {
        guard context.peerNames.contains(Self.role) else {
            throw RPCStatus(.permissionDenied, "only certificates with the URI \(Self.role) may push and dial")
        }
    }

    private func take(_ requests: Requests<PushRequest>, _ responses: Responses<PushResponse>) async throws {
        guard let first = try await requests.next(),
            case .opening(let opening) = first.part
        else { throw RPCStatus(.invalidArgument, "a push begins with its opening") }
        guard let stream = registry[try StreamID(octets: opening.stream)],
            stream.recipient.octets == opening.recipient
        else { throw RPCStatus(.notFound, "this front does not hold that stream any more") }
        let (outcomes, continuation) = AsyncStream.makeStream(of: PushOutcome.self)
        try await responses.send(PushResponse(.ready(PushReady())))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await outcome in outcomes { try await responses.send(PushResponse(.outcome(outcome))) }
            }
            group.addTask { try await relay(requests, into: stream) { continuation.yield($0) } }
            group.addTask {
                _ = try await stream.end.wait()
                throw RPCStatus(.notFound, "the recipient's stream has closed")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func relay(
        _ requests: Requests<PushRequest>, into stream: RecipientStream, watcher: @escaping @Sendable (PushOutcome) -> Void
    ) async throws {
        while let request = try await requests.next() {
            switch request.part {
            case .deposit(let message):
                let push = try PushWindow.Push(message)
                guard push.deposit.envelope.mailbox == stream.recipient else {
                    throw RPCStatus(.invalidArgument, "a deposit of another mailbox than the stream's recipient's")
                }
                let trace = DepositTrace(push.deposit.envelope.id)
                var span = tracer.begin("deliver into stream", .server, in: trace.id, parent: trace.depositSpan)
                span?.attributes = [("poste.deposit.id", LogValue(push.deposit.envelope.id))]
                let chunks = ChunkSource(push.deposit.envelope, requests)
                switch try await stream.deliver(push, watcher: watcher, chunks: { try await chunks.next() }) {
                case .sent:
                    metrics.deliveries["sent"].add()
                    tracer.end(span)
                case .dropped: metrics.deliveries["dropped"].add()
                case .gap:
                    metrics.deliveries["gap"].add()
                    throw RPCStatus(.aborted, "a push is missing before this one: begin again")
                }
            case .caughtUp: try await stream.caughtUp()
            case .opening, .chunk, nil: throw RPCStatus(.invalidArgument, "a deposit or a caught-up is due")
            }
        }
    }
}

/// The sealed chunks of a pushed deposit: out of its envelope, or from the messages that follow.
private actor ChunkSource {
    private let envelope: Envelope
    private let layout: ContentLayout
    private let requests: Requests<PushRequest>
    private var index: UInt64 = 0
    private var start = 0

    init(_ envelope: Envelope, _ requests: Requests<PushRequest>) {
        self.envelope = envelope
        self.requests = requests
        switch envelope.subject {
        case .deposit(let header): layout = header.layout
        case .receipt: layout = ContentLayout(length: 0, chunkSize: 1)
        }
    }

    func next() async throws -> [UInt8]? {
        guard case .deposit = envelope.subject, index < layout.chunkCount else { return nil }
        defer { index += 1 }
        guard case .inline(let octets) = envelope.place else {
            guard let message = try await requests.next(),
                case .chunk(let chunk) = message.part
            else { throw RPCStatus(.invalidArgument, "chunk \(index) of a pushed deposit is due") }
            return chunk
        }
        let end = start + layout.sealedSize(ofChunk: index)
        defer { start = end }
        return Array(octets[start..<end])
    }
}

extension PushWindow.Push {
    init(_ message: PushDeposit) throws {
        let envelope = try Envelope(octets: message.envelope)
        self.init(
            deposit: PendingDeposit(offset: message.offset, envelope: envelope), after: message.before?.offset)
    }
}
