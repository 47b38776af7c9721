import Dispatch
import Synchronization

/// Wakes tasks that wait for something to have changed.
final class Bell: Sendable {
    private struct State: Sendable {
        var generation: UInt64 = 0
        var nextID: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())
    private static let longest = Duration.seconds(1)

    /// What `wait` compares: read it before looking for what may have changed.
    var generation: UInt64 { state.withLock { $0.generation } }

    /// Wakes everybody. May be called from a thread of librdkafka that holds its locks: it only marks tasks as ready.
    func ring() {
        let waiters = state.withLock { state in
            state.generation += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Waits until the bell has rung since `generation`, the deadline has passed, or the task is cancelled; at most a
    /// second, so look again.
    func wait(since generation: UInt64, until deadline: ContinuousClock.Instant) async {
        let time = min(deadline - .now, Self.longest)
        guard time > .zero else { return }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    // A task is marked before its handler is called: what is not marked here the handler will find.
                    guard state.generation == generation, !Task.isCancelled else { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isLate { return continuation.resume() }
                let nanoseconds = Int(time / .nanoseconds(1))
                DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { self.wake(id) }
            }
        } onCancel: {
            wake(id)
        }
    }

    private func wake(_ id: UInt64) { state.withLock { $0.waiters.removeValue(forKey: id) }?.resume() }
}
