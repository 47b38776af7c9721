/// What a run is to do and when, decided before it starts: nothing that the cluster does changes it.
public struct LoadPlan: Sendable, Hashable {
    /// What kind of day it is.
    public enum Scenario: String, Sendable, CaseIterable {
        /// Deposits at random, recipients that come and go.
        case steady
        /// All are away for half of the time, and come within a second.
        case loginStorm = "login-storm"
        /// In the middle third nine of ten deposits are for one mailbox.
        case flashCrowd = "flash-crowd"
        /// All are there; all go after a third, and come back after two.
        case massOffline = "mass-offline"
        /// All are there; every fifth is slow, has half of the mail, and takes it more slowly than it comes.
        case slowRecipients = "slow-recipients"

        /// One line for the help.
        public var summary: String {
            switch self {
            case .steady: "deposits at random, recipients come and go"
            case .loginStorm: "all are away for half of the time, then come within a second"
            case .flashCrowd: "in the middle third nine of ten deposits are for one mailbox"
            case .massOffline: "all go after a third of the time, and come back after two"
            case .slowRecipients: "every fifth recipient takes his mail more slowly than it comes"
            }
        }
    }

    /// How deposits follow each other.
    public enum Spacing: String, Sendable, CaseIterable {
        /// As independent senders do: a Poisson process.
        case poisson
        /// One every 1/rate seconds.
        case even
    }

    /// What kind of day it is.
    public var scenario = Scenario.steady
    /// Deposits a second.
    public var rate = 10.0
    /// How deposits follow each other.
    public var spacing = Spacing.poisson
    /// How long deposits are made.
    public var duration = Duration.seconds(60)
    /// The time in which the rate grows from 0, at the beginning of the duration.
    public var ramp = Duration.zero
    /// How many users there are, at least two; each sends and receives.
    public var users = 200
    /// How large deposits are.
    public var mix = ContentMix.standard
    /// Deposits that one exchange carries, between the same two users.
    public var depositsPerHandshake = 1
    /// Comings and goings a second, where the scenario has them.
    public var churn = 1.0
    /// The share of users that are online at the beginning, where the scenario leaves it open.
    public var online = 0.5
    /// What all else is derived from.
    public var seed: UInt64 = 1

    /// Steady, 10 deposits a second, for a minute.
    public init() {}

    /// A deposit of a plan.
    public struct PlannedDeposit: Sendable, Hashable {
        /// Numbers go up from 0.
        public var number: UInt64
        /// Deposits of one conversation are made under one exchange, unless a crowd takes them elsewhere.
        public var conversation: UInt64
        /// The number of the user who sends.
        public var sender: Int
        /// The number of the user whom it is for.
        public var recipient: Int
        /// How large it is.
        public var content: ContentMix.Part
    }

    /// Something that happens at a time.
    public struct Operation: Sendable, Hashable {
        /// What happens.
        public enum Action: Sendable, Hashable {
            /// A deposit.
            case deposit(PlannedDeposit)
            /// A recipient's coming online.
            case arrive(user: Int)
            /// A recipient's going away.
            case leave(user: Int)
        }

        /// When, after the start.
        public var at: Duration
        /// What.
        public var action: Action
    }

    /// So many conversations go on side by side, so that the deposits of one lie apart in time.
    static let width: UInt64 = 32

    /// All operations, in the order of their times.
    public var operations: [Operation] {
        // Each purpose has a stream of numbers of its own: a plan with another churn has the same deposits.
        var random = SeededRandom(seed: seed, stream: 1)
        let deposits = times.enumerated().map { index, at in
            var deposit = deposit(UInt64(index))
            deposit.content = mix.part(&random)
            let joinsTheCrowd = random.unit() < 0.9
            if isInCrowd(at), joinsTheCrowd {
                if deposit.sender == 0 { deposit.sender = deposit.recipient }
                deposit.recipient = 0
            }
            return Operation(at: at, action: .deposit(deposit))
        }
        let all = deposits + presence
        // Stable, so that the plan is the same on every machine.
        return all.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    /// A deposit by its number, without what depends on its time.
    func deposit(_ number: UInt64) -> PlannedDeposit {
        let block = Self.width * UInt64(max(1, depositsPerHandshake))
        let conversation = number / block * Self.width + number % Self.width
        let (sender, recipient) = pair(of: conversation)
        return PlannedDeposit(
            number: number, conversation: conversation, sender: sender, recipient: recipient, content: mix.parts[0])
    }

    /// Who writes to whom; nobody to himself.
    private func pair(of conversation: UInt64) -> (sender: Int, recipient: Int) {
        var random = SeededRandom(seed: seed, stream: 1 << 32 | conversation)
        let sender = random.index(below: users)
        let other = random.index(below: users - 1)
        let recipient = other < sender ? other : other + 1
        // A fifth is for the slow as it is; with these it is half.
        guard scenario == .slowRecipients, random.unit() < 0.375 else { return (sender, recipient) }
        let slow = recipient - recipient % Self.slowOneOf
        return (sender == slow ? recipient : sender, slow)
    }

    /// When deposits are made: a stream of rate 1 whose time is stretched, so that the rate grows over the ramp.
    private var times: [Duration] {
        var random = SeededRandom(seed: seed, stream: 2)
        var times: [Duration] = []
        var passed = 0.0
        let ramp = min(ramp.seconds, duration.seconds)
        guard rate > 0 else { return [] }
        while true {
            passed += spacing == .poisson ? random.exponential() : 1
            // The integral of the rate is rate t^2 / (2 ramp) on the ramp, and rate (t - ramp / 2) behind it.
            let onRamp = rate * ramp / 2
            let time = passed < onRamp ? (2 * ramp * passed / rate).squareRoot() : passed / rate + ramp / 2
            guard time < duration.seconds else { return times }
            times.append(.seconds(time))
        }
    }

}
