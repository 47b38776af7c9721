import Primitives

/// How a delivery worker goes about reaching one recipient: into which of his streams it pushes, when it dials his contact,
/// and how long it pauses after what failed.
///
/// A value without a clock of its own; `jitter` is drawn from 0 … 1 by who uses it.
public struct ReachSchedule: Sendable {
    /// What to do now.
    public enum Step: Sendable, Hashable {
        /// Push into this stream.
        case push(Route)
        /// Have this contact dialled, of a presence of that moment.
        case dial(contact: String, timestamp: UTCTime)
        /// Look again then, or when there is news.
        case wait(until: ContinuousClock.Instant)
    }

    /// How a push ended.
    public enum PushEnd: Sendable, Hashable {
        /// The front does not hold the stream any more: it is over for ever.
        case gone
        /// Anything else: the front died, was cut off, or wants the push from its beginning.
        case failed
    }

    /// How dialling ended.
    public enum DialEnd: Sendable, Hashable {
        /// The contact has proved itself, and a route follows.
        case open
        /// Nobody answers there.
        case unreachable
        /// Who answers is somebody else.
        case notProven
        /// There was no front to dial with; that is no fault of the contact.
        case noFront
    }

    /// Pauses after failed pushes: from here, twice as long each time, to there.
    static let pushPauses = (first: Duration.milliseconds(50), longest: Duration.seconds(2))
    /// Pauses between dials of one contact without progress.
    static let dialPauses = (first: Duration.seconds(1), longest: Duration.seconds(300))
    /// The same where somebody else answered.
    static let strangerPauses = (first: Duration.seconds(60), longest: Duration.seconds(1800))
    /// A later word that the same contact can be dialled shortens a pause to this, counted from the last dial.
    static let shortenedPause = Duration.seconds(5)
    /// Another contact is not dialled sooner after the last one than this.
    static let leastPause = Duration.seconds(1)

    private struct Fault: Sendable {
        var count: Int
        /// Nil: for ever.
        var pausedUntil: ContinuousClock.Instant?
    }

    private struct Dial: Sendable {
        var contact: String
        /// Of the presence that it was dialled for.
        var timestamp: UTCTime
        var begunAt: ContinuousClock.Instant
        var count: Int
        var pausedUntil: ContinuousClock.Instant
    }

    private var faults: [StreamID: Fault] = [:]
    private var lastDial: Dial?

    /// A schedule for somebody of whom nothing is known.
    public init() {}

    // Streams

    /// What to do about his streams; nil where none is left.
    /// - Parameter routes: the latest first, as the view gives them.
    public mutating func next(routes: [Route], now: ContinuousClock.Instant) -> Step? {
        let present = Set(routes.map(\.stream))
        faults = faults.filter { present.contains($0.key) }
        var earliest: ContinuousClock.Instant?
        for route in routes {
            guard let fault = faults[route.stream] else { return .push(route) }
            guard let end = fault.pausedUntil else { continue }
            if end <= now { return .push(route) }
            earliest = min(earliest ?? end, end)
        }
        return earliest.map { .wait(until: $0) }
    }

    /// Whether a push under way into one of these streams should give way to a later one: where that has not failed
    /// yet, so that a dead front's stream does not take over again and again.
    public func supersedes(_ current: StreamID, in routes: [Route]) -> Bool {
        guard let first = routes.first, first.stream != current else { return false }
        return faults[first.stream] == nil
    }

    /// Takes note that a push ended.
    public mutating func pushEnded(
        _ stream: StreamID, _ end: PushEnd, now: ContinuousClock.Instant, jitter: Double
    ) {
        guard end == .failed else {
            faults[stream] = Fault(count: 1, pausedUntil: nil)
            return
        }
        let count = (faults[stream]?.count ?? 0) + 1
        let pause = Self.pause(Self.pushPauses, count, jitter)
        faults[stream] = Fault(count: count, pausedUntil: now + pause)
    }

    /// Takes note that the front took a push.
    public mutating func pushTaken(_ stream: StreamID) { faults[stream] = nil }

    // Dialling

    /// What to do about somebody who has mail and no stream; nil where there is nobody to dial.
    public func next(presence: Presence?, now: ContinuousClock.Instant) -> Step? {
        guard let presence, presence.isOpen, let contact = presence.contact else { return nil }
        guard let last = lastDial else { return .dial(contact: contact, timestamp: presence.timestamp) }
        var due = last.pausedUntil
        if contact != last.contact {
            due = min(due, last.begunAt + Self.leastPause)
        } else if presence.timestamp > last.timestamp {
            due = min(due, last.begunAt + Self.shortenedPause)
        }
        return due <= now ? .dial(contact: contact, timestamp: presence.timestamp) : .wait(until: due)
    }

    /// Until when the last dial must be remembered, so that no contact is dialled more often than this allows.
    public var rememberUntil: ContinuousClock.Instant? { lastDial?.pausedUntil }

    /// Takes note that a dial begins.
    public mutating func dialBegins(
        _ contact: String, timestamp: UTCTime, now: ContinuousClock.Instant
    ) {
        let count = lastDial?.contact == contact ? lastDial?.count ?? 0 : 0
        lastDial = Dial(
            contact: contact, timestamp: timestamp, begunAt: now, count: count + 1,
            pausedUntil: now + Self.leastPause)
    }

    /// Takes note of how it ended. A contact that proves itself and takes nothing is dialled no more often than one that
    /// does not answer.
    public mutating func dialEnded(_ end: DialEnd, now: ContinuousClock.Instant, jitter: Double) {
        guard var last = lastDial else { return }
        switch end {
        case .open, .unreachable: last.pausedUntil = now + Self.pause(Self.dialPauses, last.count, jitter)
        case .notProven: last.pausedUntil = now + Self.pause(Self.strangerPauses, last.count, jitter)
        case .noFront:
            last.count -= 1
            last.pausedUntil = now + Self.pause(Self.dialPauses, 1, jitter)
        }
        lastDial = last
    }

    /// Takes note that something of his was settled: whoever was dialled was worth it.
    public mutating func progressed() {
        guard let last = lastDial else { return }
        lastDial?.count = 0
        lastDial?.pausedUntil = min(last.pausedUntil, last.begunAt + Self.leastPause)
    }

    /// The pause after failure number `count`: half of it, and the other half by jitter.
    private static func pause(
        _ pauses: (first: Duration, longest: Duration), _ count: Int, _ jitter: Double
    ) -> Duration {
        let doubled = pauses.first * (1 << min(max(count - 1, 0), 20))
        return min(doubled, pauses.longest) * (0.5 + 0.5 * jitter)
    }
}
