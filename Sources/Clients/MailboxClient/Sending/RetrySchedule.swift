import RPC

/// When to try again what failed: exponential back-off with full jitter, and never before the time that a busy server
/// asked for. The budget of time begins with the first failure and ends with the next success. Pure: time and
/// randomness are given.
package struct RetrySchedule: Sendable {
    /// What a failure means for who would try again.
    package enum Verdict: Sendable, Hashable {
        /// The connection or the server: another attempt may succeed.
        case transient
        /// Likely a fault that stays, yet gRPC also reports broken connections so: a few attempts.
        case doubtful
        /// Another attempt would fail like this one.
        case final
    }

    /// The longest pause that the schedule takes by itself.
    package static let longestPause = Duration.seconds(5)
    /// The ceiling of the first pause, which doubles with each failure.
    package static let firstPause = Duration.milliseconds(100)
    /// How many doubtful failures in a row are too many.
    package static let doubtfulLimit = 4

    private let budget: Duration
    private var deadline: ContinuousClock.Instant?
    private var failures = 0
    private var doubtful = 0

    /// A schedule that gives up so long after the first failure.
    package init(budget: Duration) { self.budget = budget }

    /// What failed before counts no more.
    package mutating func succeeded() { (deadline, failures, doubtful) = (nil, 0, 0) }

    /// How long to pause after a failure; nil: give up.
    ///
    /// - Parameter jitter: a uniform random number from 0 to 1.
    package mutating func pause(
        after verdict: Verdict, retryAfterMs: Int? = nil, at now: ContinuousClock.Instant, jitter: Double
    ) -> Duration? {
        let deadline = self.deadline ?? now + budget
        self.deadline = deadline
        switch verdict {
        case .final: return nil
        case .doubtful:
            doubtful += 1
            guard doubtful < Self.doubtfulLimit else { return nil }
        case .transient: break
        }
        var pause = min(Self.longestPause, Self.firstPause * (1 << min(failures, 10))) * jitter
        failures += 1
        if let asked = retryAfterMs {
            // The jitter on top keeps those who were sent away together from coming back together.
            pause = .milliseconds(asked) + .milliseconds(min(asked, 1000)) * (0.2 * jitter)
        }
        return now + pause < deadline ? pause : nil
    }

    /// The same after a call that failed.
    mutating func pause(after status: RPCStatus) -> Duration? {
        pause(
            after: Self.verdict(status.code), retryAfterMs: status.retryAfterMs, at: .now, jitter: .random(in: 0...1))
    }

    package static func verdict(_ code: RPCCode) -> Verdict {
        switch code {
        case .unavailable, .resourceExhausted, .deadlineExceeded, .aborted: .transient
        case .unknown, .internal, .cancelled: .doubtful
        default: .final
        }
    }
}
