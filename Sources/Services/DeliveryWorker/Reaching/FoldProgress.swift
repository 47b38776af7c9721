import Synchronization

/// How far the owner of a partition has folded its envelopes, for those who push: the view may be wiped or put back at any
/// moment, and what is not in it then is not over.
final class FoldProgress: Sendable {
    private struct State {
        var folded: UInt64 = 0
        /// Where the log ended when the owner began, once that is known.
        var goal: UInt64?
        var isCurrent = false
    }

    private let state = Mutex(State())

    /// The offset behind the last record that the owner has folded, or found folded when it began.
    var folded: UInt64 { state.withLock { $0.folded } }

    /// Whether the owner has folded all that the log had when it began: what waits is in the view.
    var isCurrent: Bool { state.withLock { $0.isCurrent } }

    /// The owner begins, or begins again, perhaps from nothing.
    func begin(at offset: UInt64) { state.withLock { $0 = State(folded: offset) } }

    /// The view reaches up to `offset`. Called before those who push hear what the fold brought.
    func reached(_ offset: UInt64) { state.withLock { $0.folded = offset } }

    /// Those who push have heard of all that was folded; the log was seen to end at `end`.
    /// - Returns: whether the owner is current now and was not before.
    func told(end: UInt64) -> Bool {
        state.withLock { state in
            let goal = state.goal ?? end
            state.goal = goal
            guard !state.isCurrent, state.folded >= goal else { return false }
            state.isCurrent = true
            return true
        }
    }
}
