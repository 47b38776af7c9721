import Observability
import Synchronization

/// Spans that are over and not yet with the collector: at most so many, so that who ends a span never waits, and memory does not grow.
final class SpanQueue: Sendable {
    private struct State {
        var waiting: [EndedSpan] = []
        /// Taken, and not yet let go.
        var taken = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// How many there are, also of those that were taken.
    var count: Int { state.withLock { $0.waiting.count + $0.taken } }

    /// Adds a span; false where there is no room for it.
    func append(_ span: EndedSpan) -> Bool {
        state.withLock { state in
            guard state.waiting.count + state.taken < limit else { return false }
            state.waiting.append(span)
            return true
        }
    }

    /// All that wait. They still take room, until they are let go.
    func takeAll() -> [EndedSpan] {
        state.withLock { state in
            defer {
                state.taken += state.waiting.count
                state.waiting = []
            }
            return state.waiting
        }
    }

    /// Lets go of spans that were taken.
    func release(_ count: Int) { state.withLock { $0.taken -= count } }
}
