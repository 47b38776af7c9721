/// A position in one partition of the log: the next offset to read, in each topic that the fold reads.
public struct LogPosition: Sendable, Hashable {
    /// The next offset of the envelopes topic.
    public var envelopes: UInt64
    /// The next offset of the presence topic.
    public var presence: UInt64

    /// A position from its offsets.
    public init(envelopes: UInt64 = 0, presence: UInt64 = 0) {
        self.envelopes = envelopes
        self.presence = presence
    }

    /// Whether either offset lies beyond the other position's.
    public func isBeyond(_ other: LogPosition) -> Bool {
        envelopes > other.envelopes || presence > other.presence
    }
}

/// What of one partition of the log is there: from the first offset kept to the next that will be given.
public struct LogBounds: Sendable, Hashable {
    /// The first offsets that are kept. In a compacted topic those after it may have gaps.
    public var start: LogPosition
    /// The offsets that the next records will get.
    public var end: LogPosition

    /// Bounds from their positions.
    public init(start: LogPosition, end: LogPosition) {
        self.start = start
        self.end = end
    }
}

/// Records of one partition, in order within each topic.
public struct LogBatch: Sendable, Hashable {
    /// The records.
    public var records: [StoredRecord]
    /// Where to read on.
    public var next: LogPosition
    /// The end of the partition when this batch was read; equal to `next` when there is no more.
    public var end: LogPosition

    /// A batch from its parts.
    public init(records: [StoredRecord], next: LogPosition, end: LogPosition) {
        self.records = records
        self.next = next
        self.end = end
    }

    /// Whether the batch reaches the end that was known when it was read.
    public var reachesEnd: Bool { !end.isBeyond(next) }
}

/// How much one call may return. At least one item is returned where there is one, whatever its size.
public struct PageLimit: Sendable, Hashable {
    /// The most items.
    public var count: Int
    /// Roughly the most octets.
    public var octets: Int

    /// A limit from its parts.
    public init(count: Int, octets: Int = 1 << 20) {
        self.count = max(count, 1)
        self.octets = max(octets, 1)
    }
}
