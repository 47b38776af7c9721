import Dispatch
import Mailbox
import Synchronization

/// Changes on their way from the group's thread to the task that iterates.
final class OwnershipChanges: Sendable {
    private struct Item: Sendable {
        let change: OwnershipChange
        let handled: DispatchSemaphore
    }

    private struct State: Sendable {
        var items: [Item] = []
        var inHand: DispatchSemaphore?
        var waiting: CheckedContinuation<OwnershipChange?, Never>?
        var isFinished = false
    }

    private let state = Mutex(State())

    /// Sends a change; what is returned is signalled once it has been dealt with.
    @discardableResult
    func send(_ change: OwnershipChange) -> DispatchSemaphore {
        let handled = DispatchSemaphore(value: 0)
        let waiting: CheckedContinuation<OwnershipChange?, Never>? = state.withLock { state in
            guard let waiting = state.waiting else {
                state.items.append(Item(change: change, handled: handled))
                return nil
            }
            state.waiting = nil
            state.inHand = handled
            return waiting
        }
        waiting?.resume(returning: change)
        return handled
    }

    /// The next change; who asks for it has dealt with the last one. None after the end.
    func next() async -> OwnershipChange? {
        await withCheckedContinuation { continuation in
            let (change, isOver): (OwnershipChange?, Bool) = state.withLock { state in
                state.inHand?.signal()
                state.inHand = nil
                if !state.items.isEmpty {
                    let item = state.items.removeFirst()
                    state.inHand = item.handled
                    return (item.change, true)
                }
                if !state.isFinished { state.waiting = continuation }
                return (nil, state.isFinished)
            }
            if isOver { continuation.resume(returning: change) }
        }
    }

    /// Ends the changes; who waits for one learns it.
    func finish() {
        let (waiting, unhandled) = state.withLock { state in
            state.isFinished = true
            defer {
                state.waiting = nil
                state.inHand = nil
            }
            return (state.waiting, state.items.map(\.handled) + [state.inHand].compactMap { $0 })
        }
        for handled in unhandled { handled.signal() }
        waiting?.resume(returning: nil)
    }
}
