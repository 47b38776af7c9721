import Synchronization

/// Lets tasks do one thing at a time, in the order in which they asked.
final class Turns: Sendable {
    private let state = Mutex(State())

    private struct State {
        var isTaken = false
        var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var nextID = 0
    }

    /// Waits for a turn, which ends with ``pass()``. False when the task is cancelled before its turn comes.
    func take() async -> Bool {
        let (isMine, id) = state.withLock { state in
            defer {
                state.isTaken = true
                state.nextID += 1
            }
            return (!state.isTaken, state.nextID)
        }
        if isMine { return true }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    // The turn may have become free since it was asked for.
                    guard state.isTaken else {
                        state.isTaken = true
                        return true
                    }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let turn = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiting.remove(at: index).continuation
            }
            turn?.resume(returning: false)
        }
    }

    /// Ends the turn; the next in line has his. Called by the one whose turn it is.
    func pass() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiting.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
