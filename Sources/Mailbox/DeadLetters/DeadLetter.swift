import Primitives

/// A record that could not be processed, kept apart with its place and the reason, so that it stops nothing and can be
/// looked at and replayed.
///
/// Its record keeps key, value and headers as they were, and adds the headers `poste-topic`, `poste-partition`,
/// `poste-offset`, `poste-time` (ms) and `poste-fault`, all text. What is larger than any record of ours is cut, and
/// `poste-octets` behind them says how large it was.
public struct DeadLetter: Sendable, Hashable {
    /// What tells a record of the log from every other: topics that were made anew give their offsets again, at another
    /// time.
    public struct Place: Sendable, Hashable {
        /// The topic.
        public let topic: LogTopic
        /// The partition.
        public let partition: Int
        /// The offset.
        public let offset: UInt64
        /// When the log took it.
        public let time: UTCTime
    }

    /// The most octets of a record that is kept whole: more than any that this program writes, and less than a topic
    /// takes.
    public static let wholeLimit = 1 << 20
    /// The most headers of a record that is kept whole.
    static let headerLimit = 64

    /// The record and where it was; cut where it was too large.
    public let stored: StoredRecord
    /// Its partition.
    public let partition: Int
    /// Why it could not be processed; never secret.
    public let fault: String
    /// Octets of the whole record, where only its beginning is kept.
    public let cutFrom: Int?

    /// A dead letter from its parts.
    public init(_ stored: StoredRecord, partition: Int, fault: String) {
        let isTooLarge = stored.record.size > Self.wholeLimit || stored.record.headers.count > Self.headerLimit
        self.stored = isTooLarge ? stored.cut(to: 1 << 16) : stored
        self.partition = partition
        self.fault = fault
        cutFrom = isTooLarge ? stored.record.size : nil
    }

    private init(_ stored: StoredRecord, partition: Int, fault: String, cutFrom: Int) {
        self.stored = stored
        self.partition = partition
        self.fault = fault
        self.cutFrom = cutFrom
    }

    /// The same with hardly more than its place and the reason, for a topic that takes no more.
    public var shortened: DeadLetter {
        DeadLetter(stored.cut(to: 0), partition: partition, fault: fault, cutFrom: cutFrom ?? stored.record.size)
    }

    /// Where the record was.
    public var place: Place {
        Place(topic: stored.topic, partition: partition, offset: stored.offset, time: stored.time)
    }

    /// Where the record was a dead letter before, as `partition/offset`: it was replayed from there, and failed again.
    public var replayOf: String? {
        stored.record.header(ReplayMark.replayHeader).map { String(decoding: $0, as: UTF8.self) }
    }

    static let names = ["poste-topic", "poste-partition", "poste-offset", "poste-time", "poste-fault"]
    static let sizeHeader = "poste-octets"

    /// The record of the dead-letter topic.
    public var record: LogRecord {
        let values = [
            stored.topic.name, String(partition), String(stored.offset), String(stored.time.wire),
            String(decoding: fault.utf8.prefix(1024), as: UTF8.self),
        ]
        var record = stored.record
        for (name, value) in zip(Self.names, values) {
            record.headers.append(LogRecord.Header(name: name, value: Array(value.utf8)))
        }
        if let cutFrom {
            record.headers.append(LogRecord.Header(name: Self.sizeHeader, value: Array(String(cutFrom).utf8)))
        }
        return record
    }

    /// Reads a record of the dead-letter topic.
    /// - Throws: `FormatError` where it does not say where it came from.
    public init(_ record: LogRecord) throws(FormatError) {
        var original = record
        if original.headers.last?.name == Self.sizeHeader, let size = original.headers.popLast() {
            let text = String(decoding: size.value, as: UTF8.self)
            guard let octets = Int(text), octets >= 0 else {
                throw .invalid(field: Self.sizeHeader, reason: "decimal digits are needed")
            }
            cutFrom = octets
        } else {
            cutFrom = nil
        }
        let tail = original.headers.suffix(Self.names.count)
        guard tail.map(\.name) == Self.names else {
            throw .invalid(field: "headers", reason: "topic, partition, offset, time and fault are needed at the end")
        }
        let texts = tail.map { String(decoding: $0.value, as: UTF8.self) }
        guard let topic = LogTopic.allCases.first(where: { $0.name == texts[0] }), let partition = Int(texts[1]),
            let offset = UInt64(texts[2])
        else { throw .invalid(field: "headers", reason: "no place of the log") }
        original.headers.removeLast(Self.names.count)
        let time = try decimalTime(Array(texts[3].utf8), field: Self.names[3])
        stored = StoredRecord(topic: topic, offset: offset, time: time, record: original)
        self.partition = partition
        fault = texts[4]
    }
}

extension StoredRecord {
    /// The same place, with the beginnings of key and value, and no headers.
    fileprivate func cut(to valueOctets: Int) -> StoredRecord {
        let kept = LogRecord(
            key: record.key.map { Array($0.prefix(1024)) }, value: record.value.map { Array($0.prefix(valueOctets)) })
        return StoredRecord(topic: topic, offset: offset, time: time, record: kept)
    }
}
