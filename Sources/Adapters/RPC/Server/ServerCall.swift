import CGRPC
import Synchronization

/// A call that the server is answering.
final class ServerCall: Sendable {
    let core: CoreCall
    private let state = Mutex(State())

    private struct State {
        var isCancelled = false
        var task: Task<Void, Never>?
    }

    /// Takes over the call.
    init(adopting pointer: OpaquePointer, queue: CompletionQueue) {
        core = CoreCall(adopting: pointer, owner: queue, isOpen: false)
    }

    /// Comes before every other operation: only a call's close tells a client that went away from one that has sent
    /// everything.
    func watchClose() {
        let isCancelled = Cell<Int32>(0)
        let begun = core.begin {
            cgrpc_server_receive_close($0, isCancelled.pointer, $1)
        } then: { [self] _ in
            if isCancelled.pointer.pointee != 0 { cancelled() }
        }
        if !begun { cancelled() }
    }

    /// Whether the client has gone away or its deadline has passed.
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    static let clientIsGone = RPCStatus(.cancelled, "the client is gone")

    /// Why the handler's task, or one of its children, is cancelled.
    var whyCancelled: RPCStatus {
        isCancelled ? Self.clientIsGone : RPCStatus(.cancelled, "the task is cancelled")
    }

    /// The handler's task, cancelled with the call.
    func adopt(_ task: Task<Void, Never>) {
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    private func cancelled() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    /// The peer's address, `127.0.0.1:40112` or `[::1]:40112`.
    var peer: String {
        // gRPC writes ipv4:127.0.0.1:40112 and ipv6:%5B::1%5D:40112.
        guard let uri = String(adopting: grpc_call_get_peer(core.pointer)) else { return "unknown" }
        guard let colon = uri.firstIndex(of: ":") else { return uri }
        let address = uri[uri.index(after: colon)...]
        let parts = address.split(separator: "%", maxSplits: 2)
        guard parts.count == 2, parts[0].hasPrefix("5B"), parts[1].hasPrefix("5D") else { return String(address) }
        return "[" + parts[0].dropFirst(2) + "]" + parts[1].dropFirst(2)
    }

    /// The subject alternative names of the peer's certificate. Ask only where the server verifies certificates: gRPC
    /// reports those that it did not verify in the same way.
    var peerNames: [String] {
        // A name with a NUL inside is a trick.
        core.peerProperties("x509_subject_alternative_name", onlyAuthenticated: true)
            .filter { !$0.contains(0) }.compactMap { String(validating: $0, as: UTF8.self) }
    }
}
