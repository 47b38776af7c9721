import Mailbox
import Synchronization

/// One call of `append`, until every record of it has been reported.
final class PendingAppend: Sendable {
    private struct State: Sendable {
        var offsets: [UInt64]
        var missing: Int
        var fault: StoreError?
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(offsets: Array(repeating: 0, count: count), missing: count, fault: nil, waiting: nil))
    }

    /// Takes the report of one record; each is reported once.
    func report(_ index: Int, _ result: Result<UInt64, StoreError>) {
        let waiting: CheckedContinuation<Void, Never>? = state.withLock { state in
            switch result {
            case .success(let offset): state.offsets[index] = offset
            case .failure(let fault): state.fault = state.fault ?? fault
            }
            state.missing -= 1
            guard state.missing == 0 else { return nil }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// The offsets, once all records are reported.
    func offsets() async throws(StoreError) -> [UInt64] {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.missing > 0 { state.waiting = continuation }
                return state.missing == 0
            }
            if isDone { continuation.resume() }
        }
        let (offsets, fault) = state.withLock { ($0.offsets, $0.fault) }
        if let fault { throw fault }
        return offsets
    }
}
