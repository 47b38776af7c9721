import Synchronization

/// How many of something there are now.
final class Gauge: Sendable {
    private let value = Atomic<Int>(0)

    /// How many there are.
    var count: Int { value.load(ordering: .relaxed) }

    /// One more, unless there are `limit` already.
    func add(below limit: Int) -> Bool {
        guard value.add(1, ordering: .relaxed).newValue <= limit else {
            value.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// One less.
    func remove() { value.subtract(1, ordering: .relaxed) }
}
