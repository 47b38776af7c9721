/// Who comes and goes, and whom a scenario is about.
extension LoadPlan {
    /// In the scenario with slow recipients one of so many is slow.
    static let slowOneOf = 5

    /// Whether a recipient takes his time.
    public func isSlow(_ user: Int) -> Bool { scenario == .slowRecipients && user % Self.slowOneOf == 0 }

    /// Whether a recipient is one whom the scenario is about: the mailbox of the crowd, the slow.
    public func isInFocus(_ user: Int) -> Bool {
        switch scenario {
        case .flashCrowd: user == 0
        case .slowRecipients: isSlow(user)
        case .steady, .loginStorm, .massOffline: false
        }
    }

    /// Whom the scenario is about, where it is not about all.
    public var focus: String? {
        switch scenario {
        case .flashCrowd: "the crowd's mailbox"
        case .slowRecipients: "slow recipients"
        case .steady, .loginStorm, .massOffline: nil
        }
    }

    /// How long a slow recipient takes for each deposit: twice the time in which the next one comes, from 0.1 s to 10 s. When
    /// the load ends he hurries.
    public var slowness: Duration {
        guard rate > 0 else { return .seconds(10) }
        let slow = (users + Self.slowOneOf - 1) / Self.slowOneOf
        return .seconds(min(10, max(0.1, 2 * Double(slow) / (rate / 2))))
    }

    /// Instants at which something happens to all, in words, for who looks at a plot.
    public var moments: [(at: Duration, what: String)] {
        switch scenario {
        case .steady, .slowRecipients: []
        case .loginStorm: [(duration / 2, "all come")]
        case .flashCrowd: [(duration / 3, "the crowd comes"), (duration * 2 / 3, "it goes")]
        case .massOffline: [(duration / 3, "all go"), (duration * 2 / 3, "all come back")]
        }
    }

    func isInCrowd(_ at: Duration) -> Bool {
        scenario == .flashCrowd && at >= duration / 3 && at < duration * 2 / 3
    }

    /// Who are online before it starts.
    public var firstOnline: [Int] {
        switch scenario {
        case .loginStorm: []
        case .massOffline, .slowRecipients: Array(0..<users)
        case .steady, .flashCrowd: Array(0..<Int((Double(users) * min(max(online, 0), 1)).rounded()))
        }
    }

    /// Comings and goings.
    var presence: [Operation] {
        switch scenario {
        case .loginStorm: return gather(at: duration / 2)
        case .massOffline:
            let going = (0..<users).map { Operation(at: duration / 3, action: .leave(user: $0)) }
            return going + gather(at: duration * 2 / 3)
        case .slowRecipients: return []
        case .steady, .flashCrowd: return churning
        }
    }

    /// All come, evenly within a second.
    private func gather(at start: Duration) -> [Operation] {
        (0..<users).map { user in
            Operation(at: start + .seconds(1) * user / max(1, users), action: .arrive(user: user))
        }
    }

    private var churning: [Operation] {
        guard churn > 0 else { return [] }
        var random = SeededRandom(seed: seed, stream: 3)
        var isOnline = [Bool](repeating: false, count: users)
        for user in firstOnline { isOnline[user] = true }
        var operations: [Operation] = []
        var time = 0.0
        while true {
            time += random.exponential() / churn
            guard time < duration.seconds else { return operations }
            let user = random.index(below: users)
            // Who is looked at by a crowd stays.
            if scenario == .flashCrowd, user == 0 { continue }
            operations.append(
                Operation(at: .seconds(time), action: isOnline[user] ? .leave(user: user) : .arrive(user: user)))
            isOnline[user].toggle()
        }
    }
}
