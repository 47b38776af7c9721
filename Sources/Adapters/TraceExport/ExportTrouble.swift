/// Decides what the log hears of a collector that does not take spans: that it begins, and that it is over. Whatever the collector does, it
/// is at most one of each a minute.
package struct ExportTrouble {
    /// After it is over, nothing is said for so long.
    package static let silence = Duration.seconds(60)

    private var since: ContinuousClock.Instant?
    private var isTold = false
    private var over: ContinuousClock.Instant?

    /// All is well.
    package init() {}

    /// Something did not reach the collector. Returns whether to say so.
    package mutating func failed(at now: ContinuousClock.Instant) -> Bool {
        since = since ?? now
        guard !isTold, over.map({ now - $0 >= Self.silence }) ?? true else { return false }
        isTold = true
        return true
    }

    /// Something reached it, and all before it. Returns how long it was not so, where that is to be said.
    package mutating func succeeded(at now: ContinuousClock.Instant) -> Duration? {
        defer { since = nil }
        guard isTold, let since else { return nil }
        isTold = false
        over = now
        return now - since
    }
}
