/// How long things took, in buckets whose width grows with the value: any quantile is right to 0.8 %, in 32 kB at
/// most, however many values there are and however far apart.
///
/// Values are whole microseconds. Below 128 each has a bucket of its own; from there on every power of two is divided
/// into 128 buckets of one width. Two histograms add up to the histogram of all their values.
public struct LatencyHistogram: Sendable, Hashable {
    private static let subBuckets: UInt64 = 128
    private static let subBucketBits = 7
    /// 19 hours. Longer values count as this one.
    private static let longest: UInt64 = (1 << 36) - 1

    private var counts: [UInt64] = []
    /// How many values were recorded.
    public private(set) var count: UInt64 = 0
    private var sum: UInt64 = 0
    private var least: UInt64 = .max
    private var most: UInt64 = 0

    /// Nothing recorded yet.
    public init() {}

    /// Records a duration; one below zero counts as zero.
    public mutating func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return record(microseconds: 0) }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
        record(microseconds: overflow ? Self.longest : whole + UInt64(attoseconds / 1_000_000_000_000))
    }

    /// Records a value in microseconds.
    public mutating func record(microseconds value: UInt64) {
        let value = min(value, Self.longest)
        let bucket = Self.bucket(of: value)
        grow(to: bucket + 1)
        counts[bucket] += 1
        count += 1
        sum += value
        least = min(least, value)
        most = max(most, value)
    }

    /// Adds all values of another histogram.
    public mutating func merge(_ other: LatencyHistogram) {
        guard other.count > 0 else { return }
        grow(to: other.counts.count)
        for index in other.counts.indices { counts[index] += other.counts[index] }
        count += other.count
        sum += other.sum
        least = min(least, other.least)
        most = max(most, other.most)
    }

    /// The shortest value; nil where there is none.
    public var minimum: Duration? { count > 0 ? .microseconds(least) : nil }
    /// The longest value; nil where there is none.
    public var maximum: Duration? { count > 0 ? .microseconds(most) : nil }
    /// The mean; nil where there is none.
    public var mean: Duration? { count > 0 ? .microseconds(Double(sum) / Double(count)) : nil }

    /// The least bound that a share of the values, 0 to 1, does not exceed: the upper end of its bucket, and no more than
    /// the longest value. Nil where there is none.
    public func quantile(_ share: Double) -> Duration? {
        guard count > 0 else { return nil }
        let rank = max(1, UInt64((min(max(share, 0), 1) * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for (index, number) in counts.enumerated() {
            seen += number
            if seen >= rank { return .microseconds(min(Self.upperEnd(of: index), most)) }
        }
        return maximum
    }

    /// No more buckets than are needed: a time series has a histogram for every second.
    private mutating func grow(to size: Int) {
        if counts.count < size { counts += [UInt64](repeating: 0, count: size - counts.count) }
    }

    private static func bucket(of value: UInt64) -> Int {
        guard value >= subBuckets else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - subBucketBits
        return shift * Int(subBuckets) + Int(value >> UInt64(shift))
    }

    /// The largest value of a bucket.
    private static func upperEnd(of bucket: Int) -> UInt64 {
        let subBuckets = Int(subBuckets)
        guard bucket >= 2 * subBuckets else { return UInt64(bucket) }
        let shift = UInt64(bucket / subBuckets - 1)
        let first = UInt64(bucket % subBuckets + subBuckets) << shift
        return first + (1 << shift) - 1
    }
}

extension Duration {
    /// In milliseconds, with their fraction.
    package var milliseconds: Double { self / .milliseconds(1) }
    /// In seconds, with their fraction.
    package var seconds: Double { self / .seconds(1) }
}
