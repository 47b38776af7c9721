import Synchronization

/// Hands messages from one task to another that waits for them with a limit of time. It holds one message at most, so
/// that who sends faster than the other takes has to wait.
package final class TimedQueue<Element: Sendable>: Sendable {
    /// What came of waiting.
    package enum Taken: Sendable {
        case element(Element)
        /// There are no more. The error is why, where there is one.
        case end((any Error)?)
        case timeout
    }

    fileprivate enum End {
        case none
        case ended((any Error)?)
    }

    fileprivate struct State {
        var element: Element?
        var end = End.none
        var taker: CheckedContinuation<Taken, Never>?
        var putter: CheckedContinuation<Void, Never>?
        var turn: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A queue with nothing in it.
    package init() {}

    /// Hands over a message; returns when the one before it was taken.
    package func put(_ element: Element) async {
        let taker: CheckedContinuation<Taken, Never>? = state.withLock { state in
            guard let taker = state.taker else {
                if case .none = state.end { state.element = element }
                return nil
            }
            state.taker = nil
            return taker
        }
        if let taker { return taker.resume(returning: .element(element)) }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if case .ended = state.end { return true }
                if state.element == nil { return true }
                state.putter = continuation
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Says that no more messages follow.
    package func end(_ error: (any Error)?) {
        let (taker, putter) = state.withLock { state in
            guard case .none = state.end else {
                return (nil, nil) as (CheckedContinuation<Taken, Never>?, CheckedContinuation<Void, Never>?)
            }
            state.end = .ended(error)
            defer { (state.taker, state.putter) = (nil, nil) }
            return (state.taker, state.putter)
        }
        taker?.resume(returning: .end(error))
        putter?.resume()
    }

    /// The next message, or what else comes of waiting until `deadline` (nil: for ever). One task at a time may wait.
    package func take(until deadline: ContinuousClock.Instant?) async -> Taken {
        let turn = state.withLock { state in
            state.turn += 1
            return state.turn
        }
        let timer = deadline.map { deadline in
            Task { [self] in
                try await Task.sleep(until: deadline, clock: .continuous)
                let taker = state.withLock { state in
                    guard state.turn == turn else { return nil as CheckedContinuation<Taken, Never>? }
                    defer { state.taker = nil }
                    return state.taker
                }
                taker?.resume(returning: .timeout)
            }
        }
        defer { timer?.cancel() }
        return await withCheckedContinuation { continuation in
            let (taken, putter) = state.withLock { state in
                state.begin(continuation, isLate: deadline.map { $0 <= .now } ?? false)
            }
            putter?.resume()
            if let taken { continuation.resume(returning: taken) }
        }
    }
}

extension TimedQueue.State {
    /// What can be taken at once; otherwise the continuation waits.
    fileprivate mutating func begin(
        _ continuation: CheckedContinuation<TimedQueue.Taken, Never>, isLate: Bool
    ) -> (TimedQueue.Taken?, CheckedContinuation<Void, Never>?) {
        if let element {
            self.element = nil
            defer { putter = nil }
            return (.element(element), putter)
        }
        if case .ended(let error) = end { return (.end(error), nil) }
        if isLate { return (.timeout, nil) }
        taker = continuation
        return (nil, nil)
    }
}
