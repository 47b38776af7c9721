import RPC

/// When to try again what failed: exponential back-off with full jitter within a budget of time, and never before the time
/// that a busy server asked for. Pure: the time and the random number are given.
public struct RetrySchedule: Sendable {
    /// What a failure means for who would try again.
    enum Verdict: Sendable, Hashable {
        /// The connection or the server: another attempt may succeed.
        case transient
        /// Likely a fault that stays, yet gRPC also reports broken connections so: a few attempts.
        case doubtful
        /// Another attempt would fail like this one.
        case final
    }

    /// The longest pause that the schedule takes by itself.
    static let longestPause = Duration.seconds(5)
    private static let firstPause = Duration.milliseconds(100)
    private static let doubtfulLimit = 4

    private let deadline: ContinuousClock.Instant
    private var failures = 0
    private var doubtful = 0

    /// A schedule whose attempts all begin before `start` and the budget.
    public init(budget: Duration, start: ContinuousClock.Instant = .now) { deadline = start + budget }

    /// What is left of the budget.
    public func remaining(at now: ContinuousClock.Instant = .now) -> Duration { max(.zero, deadline - now) }

    /// Starts the back-off anew, since there was progress; the budget runs on.
    mutating func succeeded() { (failures, doubtful) = (0, 0) }

    /// How long to pause after a failure; nil: give up.
    ///
    /// - Parameter jitter: a uniform random number from 0 to 1.
    mutating func pause(
        after status: RPCStatus, at now: ContinuousClock.Instant, jitter: Double
    ) -> Duration? {
        switch Self.verdict(status) {
        case .final: return nil
        case .doubtful:
            doubtful += 1
            guard doubtful < Self.doubtfulLimit else { return nil }
        case .transient: break
        }
        let ceiling = min(Self.longestPause, Self.firstPause * (1 << min(failures, 10)))
        failures += 1
        var pause = ceiling * jitter
        if let asked = status.retryAfterMs {
            // The jitter on top keeps those who were sent away together from coming back together.
            pause = .milliseconds(asked) + .milliseconds(Int(Double(min(asked, 1000)) * 0.2 * jitter))
        }
        return now + pause < deadline ? pause : nil
    }

    static func verdict(_ status: RPCStatus) -> Verdict {
        switch status.code {
        case .unavailable, .resourceExhausted, .deadlineExceeded, .aborted: .transient
        case .unknown, .internal, .cancelled: .doubtful
        default: .final
        }
    }
}
