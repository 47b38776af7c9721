import Mailbox
import Synchronization

/// Which record of which append a delivery report is about. A message carries its ticket as a number, so that no pointer
/// of ours passes through librdkafka.
final class Tickets: Sendable {
    private struct Place: Sendable {
        let append: PendingAppend
        let index: Int
    }

    private struct State: Sendable {
        var next: UInt = 1
        var places: [UInt: Place] = [:]
    }

    private let state = Mutex(State())

    func issue(_ append: PendingAppend, _ index: Int) -> UInt {
        state.withLock { state in
            defer { state.next += 1 }
            state.places[state.next] = Place(append: append, index: index)
            return state.next
        }
    }

    /// Takes a ticket back for a record that was not sent.
    func withdraw(_ ticket: UInt) { _ = state.withLock { $0.places.removeValue(forKey: ticket) } }

    func report(_ ticket: UInt, _ result: Result<UInt64, StoreError>) {
        guard let place = state.withLock({ $0.places.removeValue(forKey: ticket) }) else { return }
        place.append.report(place.index, result)
    }

    /// Fails all that is still out.
    func failAll(_ fault: StoreError) {
        let places = state.withLock { state in
            defer { state.places = [:] }
            return state.places.values.map { $0 }
        }
        for place in places { place.append.report(place.index, .failure(fault)) }
    }
}
