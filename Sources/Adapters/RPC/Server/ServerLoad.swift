import Synchronization

/// Counts the calls under way: it says no to more than the limits, and knows when the last handler is done.
final class ServerLoad: Sendable {
    private let maxCalls: Int
    private let maxStreams: Int
    private let state = Mutex(State())

    private struct State {
        var calls = 0
        var streams = 0
        var waiter: CheckedContinuation<Void, Never>?
        var isIdle: Bool { calls == 0 && streams == 0 }
    }

    init(maxCalls: Int, maxStreams: Int) {
        self.maxCalls = maxCalls
        self.maxStreams = maxStreams
    }

    /// False when there are too many of its kind.
    func enter(_ method: RPCMethod) -> Bool {
        state.withLock { state in
            if method.givesStream {
                guard state.streams < maxStreams else { return false }
                state.streams += 1
            } else {
                guard state.calls < maxCalls else { return false }
                state.calls += 1
            }
            return true
        }
    }

    /// Its handler is done.
    func leave(_ method: RPCMethod) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if method.givesStream { state.streams -= 1 } else { state.calls -= 1 }
            guard state.isIdle else { return nil }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Waits until no handler runs, or for as long as `limit`. One task may wait.
    func drained(within limit: Duration) async {
        let timer = Task {
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            self.state.withLock { $0.waiter.take() }?.resume()
        }
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if !state.isIdle { state.waiter = continuation }
                return state.isIdle
            }
            if isIdle { continuation.resume() }
        }
        timer.cancel()
    }
}
