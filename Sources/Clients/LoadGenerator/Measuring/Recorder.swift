import Synchronization

/// Everything that a run measures, by stage and by second. Any task may record.
public final class Recorder: Sendable {
    /// What happened in one second of a run.
    public struct Second: Sendable, Hashable {
        /// Deposits that the plan has in it.
        public var offered: UInt64 = 0
        /// Receipts that came in it.
        public var achieved: UInt64 = 0
        /// Deposits that recipients heard in it.
        public var delivered: UInt64 = 0
        /// Operations that failed in it.
        public var failed: UInt64 = 0
        /// Calls that were tried again in it.
        public var retried: UInt64 = 0
        /// Latencies of the deposits whose receipts came in it.
        public var deposits = LatencyHistogram()
        /// Deposits with a receipt that were not heard yet, near its end; nil where nobody looked.
        public var waiting: Int?
        /// Users online, near its end; nil where nobody looked.
        public var online: Int?
    }

    /// All that was measured so far.
    public struct Measurements: Sendable {
        /// Latencies by stage.
        public var stages: [Stage: LatencyHistogram] = [:]
        /// What happened second by second, from the start of the load.
        public var seconds: [Second] = []
        /// Failures by what they were, and how many.
        public var failures: [String: UInt64] = [:]
        /// Retries by what made them necessary, and how many.
        public var retries: [String: UInt64] = [:]

        /// Nothing yet.
        public init() {}

        /// The sum over all seconds.
        public func total(_ count: KeyPath<Second, UInt64>) -> UInt64 {
            seconds.reduce(0) { $0 + $1[keyPath: count] }
        }
    }

    /// What is counted in the second in which it happens.
    public enum Event: Sendable {
        /// A deposit that the plan has in this second.
        case offered
        /// A recipient heard a deposit.
        case delivered
        /// A receipt came; how long after the planned start.
        case achieved(Duration)
        /// An operation failed, and why.
        case failed(String)
        /// A call is tried again, and why.
        case retried(String)
    }

    /// Kinds of failures that are told apart; more are one.
    private static let kinds = 24
    /// A day. What happens later counts in the last.
    private static let longest = 86_400

    private let start: Mutex<ContinuousClock.Instant>
    private let state = Mutex(Measurements())

    /// A recorder of a run that starts then.
    public init(start: ContinuousClock.Instant = .now) { self.start = Mutex(start) }

    /// Sets when the run starts.
    func begin(at start: ContinuousClock.Instant) { self.start.withLock { $0 = start } }

    /// What was measured so far.
    public var measurements: Measurements { state.withLock { $0 } }

    /// Records how long a stage took.
    public func record(_ stage: Stage, _ duration: Duration) {
        state.withLock { $0.stages[stage, default: LatencyHistogram()].record(duration) }
    }

    /// Counts an event in the second that `instant` lies in.
    public func count(_ event: Event, at instant: ContinuousClock.Instant = .now) {
        let second = min(max(0, Int((instant - start.withLock { $0 }).seconds)), Self.longest)
        state.withLock { state in
            while state.seconds.count <= second { state.seconds.append(Second()) }
            switch event {
            case .offered: state.seconds[second].offered += 1
            case .delivered: state.seconds[second].delivered += 1
            case .achieved(let latency):
                state.seconds[second].achieved += 1
                state.seconds[second].deposits.record(latency)
            case .failed(let reason):
                state.seconds[second].failed += 1
                Self.note(reason, &state.failures)
            case .retried(let reason):
                state.seconds[second].retried += 1
                Self.note(reason, &state.retries)
            }
        }
    }

    /// Notes how many deposits wait and how many users are online now. Before the start nothing is noted.
    func note(waiting: Int, online: Int) {
        let elapsed = (ContinuousClock.now - start.withLock { $0 }).seconds
        guard elapsed >= 0, elapsed < Double(Self.longest) else { return }
        state.withLock { state in
            while state.seconds.count <= Int(elapsed) { state.seconds.append(Second()) }
            state.seconds[Int(elapsed)].waiting = waiting
            state.seconds[Int(elapsed)].online = online
        }
    }

    private static func note(_ reason: String, _ counts: inout [String: UInt64]) {
        // Reasons carry ids and addresses: what differs in digits alone is one kind. A short number by itself is a code.
        let words = reason.prefix(160).split(separator: " ", omittingEmptySubsequences: false).map { word in
            if word.count <= 2, word.allSatisfy(\.isNumber) { return String(word) }
            return word.reduce(into: "") { text, character in
                let shown: Character = character.isNumber ? "#" : character
                if shown != "#" || text.last != "#" { text.append(shown) }
            }
        }
        let text = words.joined(separator: " ")
        counts[counts[text] == nil && counts.count >= kinds ? "others" : text, default: 0] += 1
    }
}
