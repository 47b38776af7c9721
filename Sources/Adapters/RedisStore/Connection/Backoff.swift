/// How long to wait before the next attempt to connect: from 20 ms, doubling, to 1 s, each time between half of it and
/// all of it, so that many clients of one server do not come back at once.
struct Backoff {
    private static let first = Duration.milliseconds(20)
    private static let last = Duration.milliseconds(1000)

    private var failures = 0

    /// After an attempt that failed.
    mutating func next() -> Duration {
        let full = min(Self.last, Self.first * (1 << min(failures, 6)))
        failures += 1
        return full * Double.random(in: 0.5...1)
    }

    /// After one that did not.
    mutating func reset() { failures = 0 }
}
