/// Where the ciphertext of a deposit lies in the contents topic: one partition and the offsets of its records, in
/// order.
public struct ContentRun: Sendable, Hashable {
    /// Offsets that follow one another without a gap.
    public struct Range: Sendable, Hashable {
        /// The first offset.
        public let first: UInt64
        /// How many offsets; at least 1.
        public let count: UInt32
    }

    /// The most ranges that a run may have.
    public static let rangeLimit = 1 << 16

    /// The partition of the contents topic.
    public let partition: UInt32
    /// The ranges, ascending, none touching the next.
    public let ranges: [Range]

    /// A run from the offsets of its records, in the order of the content.
    /// - Throws: `FormatError.invalid` unless there is at least one, they ascend, and they make at most 65,536 ranges.
    public init(partition: Int, offsets: [UInt64]) throws(FormatError) {
        var ranges: [Range] = []
        for offset in offsets {
            if let last = ranges.last {
                let end = last.first + UInt64(last.count)
                guard offset >= end else { throw .invalid(field: "content offsets", reason: "they do not ascend") }
                if offset == end, last.count < .max {
                    ranges[ranges.count - 1] = Range(first: last.first, count: last.count + 1)
                    continue
                }
            }
            guard offset < .max else { throw .invalid(field: "content offsets", reason: "out of range") }
            ranges.append(Range(first: offset, count: 1))
        }
        try self.init(partition: UInt32(clamping: partition), ranges: ranges)
    }

    init(partition: UInt32, ranges: [Range]) throws(FormatError) {
        guard !ranges.isEmpty, ranges.count <= Self.rangeLimit else {
            throw .invalid(
                field: "content ranges", reason: "\(ranges.count) of them; 1 to \(Self.rangeLimit) are allowed")
        }
        var end: UInt64?
        for range in ranges {
            let (next, overflow) = range.first.addingReportingOverflow(UInt64(range.count))
            guard range.count > 0, !overflow, end.map({ range.first > $0 }) ?? true else {
                throw .invalid(field: "content ranges", reason: "they must ascend, and none be empty or touch the next")
            }
            end = next
        }
        self.partition = partition
        self.ranges = ranges
    }

    /// How many records the run has.
    public var recordCount: UInt64 { ranges.reduce(0) { $0 + UInt64($1.count) } }

    /// The offsets after the first `skipped`, at most `limit` of them.
    public func offsets(skipping skipped: Int, limit: Int) -> [UInt64] {
        var offsets: [UInt64] = []
        var toSkip = UInt64(max(skipped, 0))
        for range in ranges {
            let count = UInt64(range.count)
            if toSkip >= count {
                toSkip -= count
                continue
            }
            let taken = min(count - toSkip, UInt64(max(limit - offsets.count, 0)))
            guard taken > 0 else { break }
            offsets.append(contentsOf: (range.first + toSkip)..<(range.first + toSkip + taken))
            toSkip = 0
        }
        return offsets
    }
}
