import Synchronization

/// How long something took, counted in classes: a classic histogram of Prometheus.
public final class Histogram: Instrument {
    /// `histogram`
    public static let type = "histogram"

    /// The classes' upper bounds.
    public struct Buckets: Sendable, Hashable {
        /// In seconds, ascending; what is longer falls into a last class of its own.
        public let bounds: [Double]

        /// For what a caller waits for: half a millisecond to thirty seconds.
        public static let latency = Buckets(
            bounds: [
                0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
            ])
        /// For what happens while nobody looks: ten milliseconds to ten minutes.
        public static let patience = Buckets(
            bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600])
    }

    private let buckets: Buckets
    /// In nanoseconds, to be compared on the hot path.
    private let limits: [UInt64]
    /// One for each bound, and one for what is longer. Atomics cannot lie in an array themselves.
    private let counts: [Counter]
    private let nanoseconds = Atomic<UInt64>(0)

    init(_ buckets: Buckets) {
        self.buckets = buckets
        limits = buckets.bounds.map { UInt64($0 * 1e9) }
        counts = (0...limits.count).map { _ in Counter() }
    }

    /// Counts something that took so long; less than nothing counts as nothing.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let time = seconds < 0 ? 0 : UInt64(seconds) &* 1_000_000_000 &+ UInt64(max(0, attoseconds) / 1_000_000_000)
        counts[limits.firstIndex { time <= $0 } ?? limits.count].add()
        nanoseconds.wrappingAdd(time, ordering: .relaxed)
    }

    /// Counts how long it is since `start`.
    public func observe(since start: ContinuousClock.Instant) { observe(.now - start) }

    /// Counts how long `body` takes, also where it throws.
    public func time<Value, Failure: Error>(_ body: () async throws(Failure) -> Value) async throws(Failure) -> Value {
        let start = ContinuousClock.now
        defer { observe(since: start) }
        return try await body()
    }

    /// What was counted so far.
    public var snapshot: HistogramSnapshot {
        HistogramSnapshot(
            bounds: buckets.bounds, counts: counts.map(\.value),
            sum: Double(nanoseconds.load(ordering: .relaxed)) / 1e9)
    }

    /// What was counted so far.
    public var reading: MetricReading { .histogram(snapshot) }

    /// Writes a sample for each class, the sum in seconds, and the count.
    public func write(_ name: String, _ labels: [(String, String)], to text: inout String) {
        let snapshot = snapshot
        var total: UInt64 = 0
        for (bound, count) in zip(snapshot.bounds.map(decimal) + ["+Inf"], snapshot.counts) {
            total += count
            text.append(sample: name + "_bucket", labels + [("le", bound)], String(total))
        }
        text.append(sample: name + "_sum", labels, decimal(snapshot.sum))
        text.append(sample: name + "_count", labels, String(total))
    }
}

/// What a histogram had counted at one moment; the difference of two is what came between.
public struct HistogramSnapshot: Sendable, Hashable {
    /// The classes' upper bounds, in seconds.
    public let bounds: [Double]
    /// How often each class was hit, and behind them what was longer.
    public private(set) var counts: [UInt64]
    /// Of all durations, in seconds.
    public private(set) var sum: Double

    /// How many durations.
    public var count: UInt64 { counts.reduce(0, +) }

    /// What came after `earlier`, of the same histogram.
    public func since(_ earlier: HistogramSnapshot) -> HistogramSnapshot {
        var difference = self
        for index in counts.indices where earlier.counts.indices.contains(index) {
            difference.counts[index] -= min(counts[index], earlier.counts[index])
        }
        difference.sum -= earlier.sum
        return difference
    }

    /// Both together, of the same classes.
    public func adding(_ other: HistogramSnapshot) -> HistogramSnapshot {
        var total = self
        for index in counts.indices where other.counts.indices.contains(index) {
            total.counts[index] += other.counts[index]
        }
        total.sum += other.sum
        return total
    }

    /// The duration, in seconds, that a share `q` of all stays below, estimated within its class as Prometheus does; none where nothing
    /// was counted. What is longer than the last bound counts as the last bound.
    public func quantile(_ q: Double) -> Double? {
        let total = count
        guard total > 0 else { return nil }
        let rank = q * Double(total)
        var below: UInt64 = 0
        for (index, count) in counts.enumerated() {
            guard count > 0, Double(below + count) >= rank else {
                below += count
                continue
            }
            guard index < bounds.count else { break }
            let start = index == 0 ? 0 : bounds[index - 1]
            return start + (bounds[index] - start) * max(0, rank - Double(below)) / Double(count)
        }
        return bounds.last
    }
}
