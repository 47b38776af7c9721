import CGRPC
import Synchronization

/// How a call of a client ends; known once.
final class CallOutcome: Sendable {
    private let address: String
    private let state = Mutex(State())

    private struct State {
        var status: RPCStatus?
        var waiters: [CheckedContinuation<RPCStatus, Never>] = []
    }

    init(address: String) {
        self.address = address
    }

    /// The status, when it has come.
    var status: RPCStatus {
        get async {
            await withCheckedContinuation { continuation in
                let status = state.withLock { state in
                    if state.status == nil { state.waiters.append(continuation) }
                    return state.status
                }
                if let status { continuation.resume(returning: status) }
            }
        }
    }

    /// From what gRPC wrote; called by the event.
    func settle(_ results: Cell<cgrpc_results>) {
        let code = RPCCode(rawValue: Int(results.pointer.pointee.code.rawValue)) ?? .unknown
        var status = RPCStatus(code, "")
        if code != .ok {
            status.message = String(copying: results.pointer.pointee.details)
            status.retryAfterMs = RPCMetadata(copying: results.pointer.pointee.trailing_metadata)[
                RPCStatus.retryAfterName
            ].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
            status = status.explained(address)
        }
        let waiters = state.withLock { state in
            state.status = status
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }
}
