import Primitives

/// How many refusals of unverified requests the audit log takes: anybody can send them, and they must not fill the disk.
package struct RefusalBudget {
    /// So many at once.
    package static let burst = 50
    /// Then one in so many milliseconds.
    package static let intervalMilliseconds: Int64 = 10_000

    private var tokens = Self.burst
    private var refilled = UTCTime(milliseconds: 0)
    /// How many were not logged since one was.
    private var unlogged = 0

    /// A full budget.
    package init() {}

    /// Takes one: how many went unlogged before it, or nil where it is not to be logged either.
    package mutating func take(now: UTCTime) -> Int? {
        let elapsed = now.milliseconds - refilled.milliseconds
        // A clock that was set back would otherwise stop the log.
        if elapsed < 0 { refilled = now }
        if elapsed >= Self.intervalMilliseconds {
            tokens = Int(min(Int64(Self.burst), Int64(tokens) + elapsed / Self.intervalMilliseconds))
            refilled = now
        }
        guard tokens > 0 else {
            unlogged += 1
            return nil
        }
        tokens -= 1
        defer { unlogged = 0 }
        return unlogged
    }
}
