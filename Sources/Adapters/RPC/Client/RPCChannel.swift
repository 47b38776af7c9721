import CGRPC

/// A connection to one server, made when it is needed and made again when it was lost. Closed when the last reference
/// is gone; calls under way keep it.
public final class RPCChannel: Sendable {
    /// Where it leads, as `host:port`.
    public let address: String

    /// gRPC's own object, thread safe by its documentation; ours until `deinit`.
    nonisolated(unsafe) private let channel: OpaquePointer
    private let queue = CompletionQueue.clients

    /// Does not connect yet. Throws where the credentials are of no use.
    public init(_ configuration: RPCChannelConfiguration) throws(RPCCertificateError) {
        address = configuration.address
        let credentials = try configuration.makeCredentials()
        defer { grpc_channel_credentials_release(credentials) }
        channel = configuration.channelArguments.withCore {
            grpc_channel_create("dns:///" + configuration.address, credentials, $0)
        }
    }

    deinit {
        grpc_channel_destroy(channel)
    }

    /// Calls a method with one message and waits for the one that answers.
    ///
    /// - Parameters:
    ///   - path: `/service/method`.
    ///   - deadline: how long to wait, all in all; nil is for ever. The server learns of it.
    ///   - waitsForReady: waits, within the deadline, for a server that cannot be reached; otherwise that is
    ///     UNAVAILABLE at once.
    ///
    /// Cancelling the task cancels the call, on the server, too.
    public func unary(
        _ path: String, _ request: [UInt8], deadline: Duration? = nil, metadata: RPCMetadata = [:],
        waitsForReady: Bool = false
    ) async throws(RPCStatus) -> [UInt8] {
        // Otherwise the answer may be faster than the cancellation.
        guard !Task.isCancelled else { throw RPCStatus(.cancelled, "the call was cancelled") }
        let call = makeCall(path, deadline)
        let results = Cell<cgrpc_results>()
        let outcome = CallOutcome(address: address)
        let begun = metadata.withCore { entries, count in
            CoreMessage.withMessage(request) { message in
                call.begin {
                    cgrpc_client_unary(
                        $0, entries, count, waitsForReady ? Self.waitForReady : 0, message, results.pointer, $1)
                } then: { _ in
                    outcome.settle(results)
                }
            }
        }
        guard begun else { throw Self.refused }
        let status = await withTaskCancellationHandler {
            await outcome.status
        } onCancel: {
            call.cancel()
        }
        guard status.code == .ok else { throw status }
        guard let octets = results.pointer.pointee.message?.octets else {
            throw RPCStatus(.internal, "\(address) answered \(path) without a message")
        }
        return octets
    }

    /// Opens a call whose messages the caller streams, with one answer: ``RPCCall/send(_:)``, then ``RPCCall/response()``.
    public func clientStreaming(
        _ path: String, deadline: Duration? = nil, metadata: RPCMetadata = [:], waitsForReady: Bool = false
    ) throws(RPCStatus) -> RPCCall {
        try open(path, deadline, metadata, waitsForReady)
    }

    /// Opens a call with streams both ways.
    public func bidirectional(
        _ path: String, deadline: Duration? = nil, metadata: RPCMetadata = [:], waitsForReady: Bool = false
    ) throws(RPCStatus) -> RPCCall {
        try open(path, deadline, metadata, waitsForReady)
    }

    /// Calls a method with one message; the answers are read with ``RPCCall/receive()``.
    public func serverStreaming(
        _ path: String, _ request: [UInt8], deadline: Duration? = nil, metadata: RPCMetadata = [:],
        waitsForReady: Bool = false
    ) async throws(RPCStatus) -> RPCCall {
        let call = try open(path, deadline, metadata, waitsForReady)
        // When it did not go out the call is over, and receiving says how.
        if try await call.send(request) { await call.finish() }
        return call
    }

    private func open(
        _ path: String, _ deadline: Duration?, _ metadata: RPCMetadata, _ waitsForReady: Bool
    ) throws(RPCStatus) -> RPCCall {
        let call = makeCall(path, deadline)
        let results = Cell<cgrpc_results>()
        let outcome = CallOutcome(address: address)
        let begun = metadata.withCore { entries, count in
            call.begin {
                cgrpc_client_open($0, entries, count, waitsForReady ? Self.waitForReady : 0, results.pointer, $1)
            } then: { _ in
                outcome.settle(results)
            }
        }
        guard begun else { throw Self.refused }
        return RPCCall(core: call, outcome: outcome, path: path)
    }

    private func makeCall(_ path: String, _ deadline: Duration?) -> CoreCall {
        let method = grpc_slice.copying(Array(path.utf8))
        defer { grpc_slice_unref(method) }
        let pointer = grpc_channel_create_call(
            channel, nil, Self.propagateDefaults, queue.pointer, method, nil, .after(deadline), nil)
        // gRPC documents no failure here and aborts when memory runs out.
        guard let pointer else { preconditionFailure("gRPC made no call") }
        return CoreCall(adopting: pointer, owner: self, isOpen: true)
    }

    /// GRPC_PROPAGATE_DEFAULTS, a macro that Swift does not import.
    private static let propagateDefaults: UInt32 = 0xffff
    /// GRPC_INITIAL_METADATA_WAIT_FOR_READY, with the mark that it was set by us.
    private static let waitForReady: UInt32 = 0x20 | 0x80
    private static let refused = RPCStatus(
        .invalidArgument, "gRPC refuses the request's metadata: names are of lower case, values of printable ASCII")

    // Connectivity

    /// Connects, and waits until the server has answered.
    ///
    /// Throws UNAVAILABLE with the reason of the last attempt when that takes longer than `timeout`, CANCELLED when the
    /// task is cancelled.
    public func waitUntilReady(timeout: Duration) async throws(RPCStatus) {
        let deadline = ContinuousClock.now + timeout
        var state = grpc_channel_check_connectivity_state(channel, 1)
        while state != GRPC_CHANNEL_READY {
            guard !Task.isCancelled else { throw RPCStatus(.cancelled, "the task is cancelled") }
            let rest = deadline - .now
            guard rest > .zero else { throw await whyNotReady() }
            await change(from: state, within: min(rest, .milliseconds(250)))
            state = grpc_channel_check_connectivity_state(channel, 1)
        }
    }

    private func change(from state: grpc_connectivity_state, within limit: Duration) async {
        await withCheckedContinuation { continuation in
            _ = Event.begin { tag in
                grpc_channel_watch_connectivity_state(channel, state, .after(limit), queue.pointer, tag)
                return GRPC_CALL_OK
            } then: { [self] _ in
                withExtendedLifetime(self) { continuation.resume() }
            }
        }
    }

    /// Only a call that fails says why there is no connection.
    private func whyNotReady() async -> RPCStatus {
        do {
            _ = try await unary("/grpc.health.v1.Health/Check", [], deadline: .milliseconds(500))
        } catch  where error.code == .unavailable {
            return error
        } catch {}
        return RPCStatus(.unavailable, "cannot reach \(address) in time: is it running?")
    }
}
