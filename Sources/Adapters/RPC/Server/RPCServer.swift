import CGRPC
import Synchronization

/// A gRPC server on gRPC's C core.
///
/// It serves from `init` until ``shutdown(grace:)`` has returned, whether or not somebody holds on to it.
public final class RPCServer: Sendable {
    /// The port that it listens on.
    public let port: Int

    /// gRPC's own object, thread safe by its documentation; destroyed at the end of `stop`.
    nonisolated(unsafe) private let server: OpaquePointer
    private let queue = CompletionQueue()
    private let fetcher: CertificateFetcher?
    private let configuration: RPCServerConfiguration
    private let methods: [String: RPCMethod]
    private let load: ServerLoad
    private let metrics: ServerMetrics?
    private let stopping = Mutex<Task<Void, Never>?>(nil)

    /// New calls are taken from gRPC's hands in as many slots; each is put back before its call is looked at.
    private static let slots = 64

    /// Listens and serves. Throws ``RPCServerError`` when it cannot.
    public init(_ configuration: RPCServerConfiguration, services: [RPCService]) throws(RPCServerError) {
        var methods: [String: RPCMethod] = [:]
        for service in services {
            for method in service.methods {
                let path = "/\(service.name)/\(method.name)"
                guard methods.updateValue(method, forKey: path) == nil else { throw .duplicateMethod(path) }
            }
        }
        self.methods = methods
        self.configuration = configuration
        metrics = configuration.metrics.map { ServerMetrics($0, paths: methods.keys) }
        load = ServerLoad(maxCalls: configuration.maxCalls, maxStreams: configuration.maxStreams)
        let (credentials, fetcher) = try configuration.makeCredentials()
        defer { grpc_server_credentials_release(credentials) }
        self.fetcher = fetcher
        server = configuration.channelArguments.withCore { grpc_server_create($0, nil) }
        grpc_server_register_completion_queue(server, queue.pointer, nil)
        // With credentials of no use gRPC still makes a server; only the port tells.
        port = Int(grpc_server_add_http2_port(server, configuration.address, credentials))
        grpc_server_start(server)
        guard port != 0 else {
            // A server that was made must be shut down before it may be destroyed, also when it never listened.
            stopping.withLock { $0 = Task { await self.stop(grace: .zero) } }
            throw configuration.listeningFailure
        }
        for _ in 0..<Self.slots { postSlot() }
    }

    /// Takes no new calls and tells clients so; lets calls under way finish for as long as `grace`, then cancels them
    /// and waits for their handlers, at most five seconds more. May be called again, and by several tasks.
    public func shutdown(grace: Duration) async {
        let task = stopping.withLock { stopping in
            let task = stopping ?? Task { await self.stop(grace: grace) }
            stopping = task
            return task
        }
        await task.value
    }

    private func stop(grace: Duration) async {
        let (stopped, event) = AsyncStream<Never>.makeStream()
        _ = Event.begin { tag in
            grpc_server_shutdown_and_notify(server, queue.pointer, tag)
            return GRPC_CALL_OK
        } then: { _ in
            event.finish()
        }
        // Only now: calls may not be cancelled before the shutdown has begun, and later ones would be missed.
        let late = Task {
            // Cancelled when every call has finished in time.
            guard (try? await Task.sleep(for: grace)) != nil else { return }
            grpc_server_cancel_all_calls(self.server)
        }
        for await _ in stopped {}
        late.cancel()
        await late.value
        await load.drained(within: .seconds(5))
        // gRPC's order: the server's shutdown is complete, so destroy it; then the queue, which drains and ends its
        // thread. A handler that still runs finds every operation refused.
        grpc_server_destroy(server)
        queue.shutdown()
        fetcher?.forget()
    }

    private func postSlot() {
        let slot = Cell<cgrpc_slot>()
        // Refused or unsuccessful: the server is shutting down.
        _ = Event.begin {
            cgrpc_server_request(server, slot.pointer, queue.pointer, $0)
        } then: { [self] success in
            if success { accept(slot) }
        }
    }

    /// On the queue's thread.
    private func accept(_ slot: Cell<cgrpc_slot>) {
        postSlot()
        guard let pointer = slot.pointer.pointee.call else { return }
        let arrival = ContinuousClock.now
        let call = ServerCall(adopting: pointer, queue: queue)
        call.watchClose()
        let details = slot.pointer.pointee
        let context = RPCContext(
            path: String(copying: details.details.method), peer: call.peer,
            peerNames: configuration.verifiesClients ? call.peerNames : [],
            metadata: RPCMetadata(copying: details.metadata), deadline: details.details.deadline.instant,
            arrival: arrival, call: call)
        guard let method = methods[context.path] else {
            // Without an answer the client would hang until its deadline.
            return reject(context, RPCStatus(.unimplemented, "this server has no method \(context.path)"))
        }
        guard load.enter(method) else {
            return reject(
                context,
                RPCStatus(
                    .resourceExhausted, "too many calls at a time: try again later",
                    retryAfterMs: configuration.retryAfterMs))
        }
        metrics?.begun(context.path, 1)
        switch method.handler {
        case .unary(let handler):
            withFirstMessage(context, method) { try await handler($0, context) }
        case .serverStreaming(let handler):
            withFirstMessage(context, method) {
                try await handler($0, RPCResponses(call: call), context)
                return nil
            }
        case .clientStreaming(let handler):
            run(context, method) { try await handler(RPCRequests(call: call), context) }
        case .bidirectional(let handler):
            run(context, method) {
                try await handler(RPCRequests(call: call), RPCResponses(call: call), context)
                return nil
            }
        }
    }

    /// Waits for the one request on the queue's thread, so that a task starts only when there is work.
    private func withFirstMessage(
        _ context: RPCContext, _ method: RPCMethod, _ body: @escaping @Sendable ([UInt8]) async throws -> [UInt8]?
    ) {
        context.call.core.receiveFirst { [self] incoming in
            switch incoming {
            case .message(let octets): run(context, method) { try await body(octets) }
            case .end:
                reject(context, RPCStatus(.invalidArgument, "this method takes one message, and none came"))
                leave(context, method)
            case .broken:
                reject(context, RPCStatus(.cancelled, "the client is gone"))
                leave(context, method)
            }
        }
    }

    private func run(
        _ context: RPCContext, _ method: RPCMethod, _ body: @escaping @Sendable () async throws -> [UInt8]?
    ) {
        let task = Task { [self] in
            var answer: [UInt8]?
            var status = RPCStatus(.ok, "")
            var fault: (any Error)?
            do {
                answer = try await body()
            } catch let thrown as RPCStatus {
                status = thrown
            } catch is CancellationError {
                status = RPCStatus(.cancelled, "the call was cancelled")
            } catch {
                fault = error
                status = RPCStatus(.internal, "the server failed; its log says why")
            }
            context.call.core.finish(answer, status)
            observe(context, status.code, fault)
            leave(context, method)
        }
        context.call.adopt(task)
    }

    private func leave(_ context: RPCContext, _ method: RPCMethod) {
        metrics?.begun(context.path, -1)
        load.leave(method)
    }

    private func reject(_ context: RPCContext, _ status: RPCStatus) {
        context.call.core.finish(nil, status)
        observe(context, status.code, nil)
    }

    private func observe(_ context: RPCContext, _ code: RPCCode, _ fault: (any Error)?) {
        let record = RPCCallRecord(
            path: context.path, peer: context.peer, code: context.isCancelled ? .cancelled : code,
            duration: .now - context.arrival, fault: fault)
        metrics?.ended(record, method: methods[context.path])
        configuration.observe(record)
    }
}
