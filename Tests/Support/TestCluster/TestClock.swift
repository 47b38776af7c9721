import Primitives
import Synchronization

/// A clock that starts at noon of 2026-12-01, runs as the machine's does, and can be set forward.
package final class TestClock: Sendable {
    package static let start = UTCTime(milliseconds: 1_796_126_400_000)

    private let ahead = Mutex(Int64(0))
    private let begun = ContinuousClock.now

    package init() {}

    package var now: UTCTime {
        let run = Int64((ContinuousClock.now - begun) / .milliseconds(1))
        return Self.start.advanced(byMilliseconds: run + ahead.withLock { $0 })
    }

    package func advance(seconds: Int64) { ahead.withLock { $0 += seconds * 1000 } }
}

/// Asks again and again, until the answer is yes. Throws `NeverHappened` after a minute.
package func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < limit else { throw NeverHappened(description: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// What a test waited for.
package struct NeverHappened: Error, CustomStringConvertible {
    package let description: String
}
