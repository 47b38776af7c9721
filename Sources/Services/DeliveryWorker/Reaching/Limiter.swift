import Synchronization

/// Lets so many at a time do something; the others wait in the order in which they came.
final class Limiter: Sendable {
    private struct State {
        var free: Int
        var nextWaiter = 0
        var order: [Int] = []
        var first = 0
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state: Mutex<State>

    init(_ limit: Int) { state = Mutex(State(free: limit)) }

    /// How many wait.
    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Waits for a place. Throws `CancellationError` where the task is cancelled.
    func place() async throws -> Place {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let isIn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiters[number] = continuation
                    state.order.append(number)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: false)
        }
        guard isIn else { throw CancellationError() }
        return Place(self)
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            while state.first < state.order.count {
                let number = state.order[state.first]
                state.first += 1
                if let waiter = state.waiters.removeValue(forKey: number) { return waiter }
            }
            state.order = []
            state.first = 0
            state.free += 1
            return nil
        }
        next?.resume(returning: true)
    }

    /// A place that was given; it is free again when it is left, or forgotten.
    final class Place: Sendable {
        private let limiter: Mutex<Limiter?>

        fileprivate init(_ limiter: Limiter) { self.limiter = Mutex(limiter) }

        deinit { leave() }

        /// Leaves it; later calls change nothing.
        func leave() { limiter.withLock { $0.take() }?.leave() }
    }
}
