import Synchronization

/// Acts once where nothing has moved for a while.
final class StallWatch: Sendable {
    private struct State {
        var lastMove = ContinuousClock.now
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    init(patience: Duration, _ act: @escaping @Sendable () -> Void) {
        let task = Task { [weak self] in
            while !Task.isCancelled {
                guard let due = self?.due(patience) else { return }
                if due <= .now { return act() }
                try? await Task.sleep(until: due, clock: .continuous)
            }
        }
        state.withLock { $0.task = task }
    }

    deinit { stop() }

    /// Says that something has moved.
    func moved() { state.withLock { $0.lastMove = .now } }

    /// Watches no more.
    func stop() { state.withLock { $0.task }?.cancel() }

    private func due(_ patience: Duration) -> ContinuousClock.Instant { state.withLock { $0.lastMove + patience } }
}
