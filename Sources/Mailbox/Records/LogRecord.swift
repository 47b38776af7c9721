import Primitives

/// The topics of the log. All have the same partition count.
public enum LogTopic: Int, Sendable, Hashable, CaseIterable {
    /// Envelopes, tombstones and ticks; compacted.
    case envelopes = 0
    /// Runs of sealed chunks, kept as long as the longest lifetime.
    case contents = 1
    /// Presence events and renewals of routes, kept for an hour.
    case presence = 2
    /// What could not be processed, kept for 30 days.
    case deadLetters = 3

    /// The name of the topic at the broker.
    public var name: String {
        switch self {
        case .envelopes: "poste.envelopes"
        case .contents: "poste.contents"
        case .presence: "poste.presence"
        case .deadLetters: "poste.dead-letters"
        }
    }
}

/// A record of the log, as octets. What they mean: `EnvelopeRecord`, `PresenceRecord`, `DeadLetter`.
public struct LogRecord: Sendable, Hashable {
    /// The key; none only in records that foreign clients produced without one.
    public var key: [UInt8]?
    /// The value; none means, in the envelopes topic, that the deposit is over.
    public var value: [UInt8]?
    /// Record headers, in order.
    public var headers: [Header]

    /// A header of a record: a name and octets.
    public struct Header: Sendable, Hashable {
        /// The name, ASCII.
        public var name: String
        /// The value.
        public var value: [UInt8]

        /// A header from its name and value.
        public init(name: String, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// A record from its parts.
    public init(key: [UInt8]?, value: [UInt8]?, headers: [Header] = []) {
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// The value of the last header of that name, as Kafka's clients take it.
    public func header(_ name: String) -> [UInt8]? {
        headers.last { $0.name == name }?.value
    }

    /// Octets of key, value and headers.
    public var size: Int {
        headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + $1.value.count }
    }
}

/// A record and its place in the log.
public struct StoredRecord: Sendable, Hashable {
    /// The topic.
    public let topic: LogTopic
    /// The offset within the topic's partition.
    public let offset: UInt64
    /// When the log took it, by the log's clock (Kafka: the record's timestamp).
    public let time: UTCTime
    /// What it carries.
    public let record: LogRecord

    /// A record at its place.
    public init(topic: LogTopic, offset: UInt64, time: UTCTime, record: LogRecord) {
        self.topic = topic
        self.offset = offset
        self.time = time
        self.record = record
    }
}
