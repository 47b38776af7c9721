import Primitives

/// When the files behind the view must forget what was removed from it: within the log's compaction lag, as the log
/// does. Half of the lag is left for the writing, and so that one writing serves all that was removed meanwhile.
public struct ErasureSchedule: Sendable {
    /// The log's compaction lag, in ms.
    private let lagMs: Int64
    /// The first and the last removal that files may still hold.
    private var oldest: UTCTime?
    private var latest: UTCTime?

    /// A schedule of somebody who begins now. Whoever was there before may have left something to do.
    public init(lagMs: Int64, beginningAt now: UTCTime) {
        self.lagMs = lagMs
        (oldest, latest) = (now, now)
    }

    /// Something was removed.
    public mutating func noteRemoval(now: UTCTime) {
        oldest = oldest ?? now
        latest = now
    }

    /// For how long files may have held what was removed, where it is time to do something about it.
    public func due(now: UTCTime) -> Duration? {
        guard let oldest else { return nil }
        let age = now.milliseconds - oldest.milliseconds
        return age >= lagMs / 2 ? .milliseconds(age) : nil
    }

    /// The files were written anew, beginning then: what was removed before is in none of them.
    public mutating func erased(from begin: UTCTime) {
        guard let latest else { return }
        if begin > latest { (oldest, self.latest) = (nil, nil) } else { oldest = max(oldest ?? begin, begin) }
    }
}
