/// Puts what comes from one handshake into the order of its numbers (docs/protocol.md choice 22). Pure.
///
/// A number that is ahead waits a moment for those before it. They may never come (expired, refused, or never sent), so
/// the moment is short, and so many wait at most.
package struct DeliveryOrder<Item: Sendable>: Sendable {
    private struct Waiting {
        var handshake: String
        var number: UInt32
        var release: ContinuousClock.Instant
        var item: Item
    }

    private let patience: Duration
    private let limit: Int
    private var waiting: [Waiting] = []
    private var next: [String: UInt32] = [:]

    /// - Parameters:
    ///   - patience: how long a number waits for those before it.
    ///   - limit: how many may wait; the one that waits longest goes on when there are more.
    package init(patience: Duration = .milliseconds(500), limit: Int = 256) {
        self.patience = patience
        self.limit = limit
    }

    /// When the next of those who wait goes on though numbers before it are missing; nil where none waits.
    package var nextRelease: ContinuousClock.Instant? { waiting.map(\.release).min() }

    /// Takes an item and gives those whose turn it is.
    ///
    /// - Parameter expected: the number that comes next in the handshake as far as an earlier run has noted.
    package mutating func add(
        _ item: Item, handshake: String, number: UInt32, expected: UInt32, now: ContinuousClock.Instant
    ) -> [Item] {
        next[handshake] = max(next[handshake] ?? 0, expected)
        waiting.append(Waiting(handshake: handshake, number: number, release: now + patience, item: item))
        var ready = advance(handshake)
        if waiting.count > limit, let release = nextRelease { ready += due(at: release) }
        return ready
    }

    /// Notes that a number will not come: it was refused.
    package mutating func skip(handshake: String, number: UInt32, expected: UInt32) -> [Item] {
        let wanted = max(next[handshake] ?? 0, expected)
        guard number == wanted else { return [] }
        next[handshake] = wanted &+ 1
        return advance(handshake)
    }

    /// Those that have waited long enough, and what follows them.
    package mutating func due(at now: ContinuousClock.Instant) -> [Item] {
        var ready: [Item] = []
        while let entry = waiting.filter({ $0.release <= now }).min(by: { $0.release < $1.release }) {
            // All of the handshake that waits with a lower number goes first.
            next[entry.handshake] = waiting.filter { $0.handshake == entry.handshake }.map(\.number).min()
            ready += advance(entry.handshake)
        }
        return ready
    }

    private mutating func advance(_ handshake: String) -> [Item] {
        var ready: [Item] = []
        while let index = waiting.indices
            .filter({ waiting[$0].handshake == handshake && waiting[$0].number <= next[handshake] ?? 0 })
            .min(by: { waiting[$0].number < waiting[$1].number })
        {
            let entry = waiting.remove(at: index)
            next[handshake] = max(next[handshake] ?? 0, entry.number &+ 1)
            ready.append(entry.item)
        }
        return ready
    }
}
