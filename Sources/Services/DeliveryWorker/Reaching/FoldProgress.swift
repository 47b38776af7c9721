import Synchronization

/// How far the owner of a partition has folded its envelopes, for those who push: the view may be wiped or put back at any
/// moment, and what is not in it then is not over.
final class FoldProgress: Sendable {
    private struct State {
        var folded: UInt64 = 0
        /// Where the log ended when the owner began.
        var goal: UInt64 = .max
        var isCurrent = false
        /// How often the owner has begun.
        var beginnings = 0
    }

    private let state = Mutex(State())

    /// The offset behind the last record that the owner has folded, or found folded when it began.
    var folded: UInt64 { state.withLock { $0.folded } }

    /// Which beginning of the owner this is, where it has folded all that the log had then: what waits is in the view. Whoever
    /// looks for what waits asks before and after, and may say that it is all where the answer is the same.
    var current: Int? { state.withLock { $0.isCurrent ? $0.beginnings : nil } }

    /// The owner begins, or begins again, perhaps from nothing; the log ends at `goal`.
    func begin(at offset: UInt64, goal: UInt64) {
        state.withLock { $0 = State(folded: offset, goal: goal, beginnings: $0.beginnings + 1) }
    }

    /// The view reaches up to `offset`. Called before those who push hear what the fold brought.
    func reached(_ offset: UInt64) { state.withLock { $0.folded = offset } }

    /// Those who push have heard of all that was folded.
    /// - Returns: whether the owner is current now and was not before.
    func told() -> Bool {
        state.withLock { state in
            guard !state.isCurrent, state.folded >= state.goal else { return false }
            state.isCurrent = true
            return true
        }
    }
}
