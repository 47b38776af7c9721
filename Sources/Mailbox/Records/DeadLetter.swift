import Primitives

/// A record that could not be processed, kept apart with its place and the reason, so that it stops nothing and can be
/// looked at and replayed.
///
/// Its record keeps key, value and headers as they were, and adds the headers `poste-topic`, `poste-partition`,
/// `poste-offset`, `poste-time` (ms) and `poste-fault`, all text.
public struct DeadLetter: Sendable, Hashable {
    /// The record and where it was.
    public let stored: StoredRecord
    /// Its partition.
    public let partition: Int
    /// Why it could not be processed; never secret.
    public let fault: String

    /// A dead letter from its parts.
    public init(_ stored: StoredRecord, partition: Int, fault: String) {
        self.stored = stored
        self.partition = partition
        self.fault = fault
    }

    static let names = ["poste-topic", "poste-partition", "poste-offset", "poste-time", "poste-fault"]

    /// The record of the dead-letter topic.
    public var record: LogRecord {
        let values = [
            stored.topic.name, String(partition), String(stored.offset), String(stored.time.wire),
            String(decoding: fault.utf8.prefix(1024), as: UTF8.self)
        ]
        var record = stored.record
        for (name, value) in zip(Self.names, values) {
            record.headers.append(LogRecord.Header(name: name, value: Array(value.utf8)))
        }
        return record
    }

    /// Reads a record of the dead-letter topic.
    /// - Throws: `FormatError` where it does not say where it came from.
    public init(_ record: LogRecord) throws(FormatError) {
        let tail = record.headers.suffix(Self.names.count)
        guard tail.map(\.name) == Self.names else {
            throw .invalid(field: "headers", reason: "topic, partition, offset, time and fault are needed at the end")
        }
        let texts = tail.map { String(decoding: $0.value, as: UTF8.self) }
        guard let topic = LogTopic.allCases.first(where: { $0.name == texts[0] }), let partition = Int(texts[1]),
            let offset = UInt64(texts[2])
        else { throw .invalid(field: "headers", reason: "no place of the log") }
        var original = record
        original.headers.removeLast(Self.names.count)
        let time = try decimalTime(Array(texts[3].utf8), field: Self.names[3])
        stored = StoredRecord(topic: topic, offset: offset, time: time, record: original)
        self.partition = partition
        fault = texts[4]
    }
}
