import RPC
import Synchronization

/// How a recipient's stream ended: set once, awaited by many.
final class StreamEnd: Sendable {
    private struct State {
        var status: RPCStatus?
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<RPCStatus, any Error>] = [:]
    }

    private let state = Mutex(State())

    /// Sets it; later calls change nothing.
    func set(_ status: RPCStatus) {
        let waiters = state.withLock { state in
            guard state.status == nil else { return [] as [CheckedContinuation<RPCStatus, any Error>] }
            state.status = status
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }

    /// Waits for it. Throws `CancellationError` where the task is cancelled.
    func wait() async throws -> RPCStatus {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let status: Result<RPCStatus, any Error>? = state.withLock { state in
                    if let status = state.status { return .success(status) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiters[number] = continuation
                    return nil
                }
                if let status { continuation.resume(with: status) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: CancellationError())
        }
    }
}
