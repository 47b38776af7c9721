import Foundation

/// Presence events of many users, made up: who comes and goes when, decided before it starts.
public struct PresencePattern: Sendable, Hashable {
    /// How users behave.
    public enum Shape: String, Sendable, CaseIterable {
        /// Users at random, who come where they were away and go where they were there: devices on a bad line.
        case flap
        /// All come, one right after the other, then all go, and so on: a network that fails and is back.
        case storm
        /// As on a day that lasts as long as the pattern: nobody at its ends, all in its middle.
        case diurnal
    }

    /// An event.
    public struct Event: Sendable, Hashable {
        /// When, after the start.
        public var at: Duration
        /// The number of the user.
        public var user: Int
        /// Whether he comes.
        public var isOpen: Bool
    }

    /// How users behave.
    public var shape: Shape
    /// How many users there are.
    public var users: Int
    /// Events a second.
    public var rate: Double
    /// How long it lasts.
    public var duration: Duration
    /// What all else is derived from.
    public var seed: UInt64

    /// A pattern from its parts; `users` is at least 1.
    public init(_ shape: Shape, users: Int, rate: Double, duration: Duration, seed: UInt64 = 1) {
        self.shape = shape
        self.users = max(1, users)
        self.rate = rate
        self.duration = duration
        self.seed = seed
    }

    /// All events, in the order of their times; everybody is away before the first.
    public var events: [Event] {
        guard rate > 0 else { return [] }
        var random = SeededRandom(seed: seed, stream: 4)
        var away = Array(0..<users)
        var there: [Int] = []
        var time = 0.0
        var events: [Event] = []
        var isRising = true
        while true {
            // Independent users make a Poisson process; what is pushed through as fast as it goes is even.
            time += (shape == .flap ? random.exponential() : 1) / rate
            guard time < duration.seconds else { return events }
            let isOpen: Bool
            switch shape {
            case .flap: isOpen = random.index(below: users) < away.count
            case .storm:
                if away.isEmpty { isRising = false }
                if there.isEmpty { isRising = true }
                isOpen = isRising
            case .diurnal:
                let target = Double(users) * (1 - cos(2 * .pi * time / duration.seconds)) / 2
                isOpen = there.isEmpty || !away.isEmpty && Double(there.count) < target
            }
            let user = isOpen ? Self.take(from: &away, &random) : Self.take(from: &there, &random)
            if isOpen { there.append(user) } else { away.append(user) }
            events.append(Event(at: .seconds(time), user: user, isOpen: isOpen))
        }
    }

    /// Removes one at random.
    private static func take(from users: inout [Int], _ random: inout SeededRandom) -> Int {
        users.swapAt(random.index(below: users.count), users.count - 1)
        return users.removeLast()
    }
}
