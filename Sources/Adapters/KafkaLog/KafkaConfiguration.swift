import Mailbox

/// How a `KafkaLog` reaches its cluster and behaves there.
public struct KafkaConfiguration: Sendable {
    /// Where to begin: `host:port` of one or more brokers, separated by commas.
    public var bootstrapServers: String
    /// librdkafka's own settings, as TLS and SASL need them; given to every connection.
    public var options: [KafkaOption]
    /// What brokers call this process in their logs, metrics and quotas.
    public var clientID: String
    /// The consumer group by which delivery workers share the partitions.
    public var groupID: String
    /// What stands before the names of all topics; empty but in tests.
    public var topicPrefix: String
    /// How long an append may take, in ms, before it fails as `.unavailable`. Longer than a broker needs to be found
    /// dead (`broker.session.timeout.ms`, 9 s by default), so that the loss of one of three is not seen.
    public var messageTimeoutMs: Int
    /// How long any other call may take, in ms.
    public var requestTimeoutMs: Int
    /// The largest record, in octets; not more than the `max.message.bytes` of the topics.
    public var messageLimit: Int
    /// How much may wait to be sent, in octets; appends wait beyond it.
    public var sendQueueOctets: Int
    /// How much may be read ahead, in octets, in each topic of a partition that is folded.
    public var readAheadOctets: Int
    /// How long a delivery worker may be silent, in ms, before its partitions go to others. Brokers allow 6,000 and
    /// more (`group.min.session.timeout.ms`).
    public var sessionTimeoutMs: Int
    /// Told what librdkafka has to say, on a thread of its own; must return soon.
    public var notice: @Sendable (KafkaNotice) -> Void
    /// Told every five seconds how the client that sends is, on a thread of its own; none asks for nothing.
    public var statistics: (@Sendable (KafkaStatistics) -> Void)?

    /// A configuration; what is left out gets its default.
    public init(
        bootstrapServers: String, options: [KafkaOption] = [], clientID: String = "poste",
        groupID: String = "poste-delivery", topicPrefix: String = "", messageTimeoutMs: Int = 30_000,
        requestTimeoutMs: Int = 10_000, messageLimit: Int = 2 << 20, sendQueueOctets: Int = 64 << 20,
        readAheadOctets: Int = 4 << 20, sessionTimeoutMs: Int = 6000,
        notice: @escaping @Sendable (KafkaNotice) -> Void = { _ in }
    ) {
        self.bootstrapServers = bootstrapServers
        self.options = options
        self.clientID = clientID
        self.groupID = groupID
        self.topicPrefix = topicPrefix
        self.messageTimeoutMs = messageTimeoutMs
        self.requestTimeoutMs = requestTimeoutMs
        self.messageLimit = messageLimit
        self.sendQueueOctets = sendQueueOctets
        self.readAheadOctets = readAheadOctets
        self.sessionTimeoutMs = sessionTimeoutMs
        self.notice = notice
    }

    /// The name of a topic at the brokers.
    public func name(of topic: LogTopic) -> String { topicPrefix + topic.name }
}

/// A setting of librdkafka, by the name that its CONFIGURATION.md gives it.
public struct KafkaOption: Sendable, Hashable {
    /// The name, as `security.protocol`.
    public let name: String
    /// The value; it may be secret and is never shown.
    public let value: String

    /// A setting from its parts.
    /// - Throws: `StoreError(.misuse)` for settings that the log's promises rest on.
    public init(name: String, value: String) throws(StoreError) {
        guard !Self.reserved.contains(name) else {
            throw StoreError(
                .misuse, "the Kafka option \(name) cannot be set: what the log promises rests on it; leave it out")
        }
        self.name = name
        self.value = value
    }

    /// A setting as people write it: `name=value`.
    /// - Throws: `StoreError(.misuse)` where there is no name or no `=`, or for a reserved name.
    public init(_ text: String) throws(StoreError) {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            throw StoreError(.misuse, "a Kafka option is written name=value, as security.protocol=SASL_SSL")
        }
        try self.init(name: String(text[..<sign]), value: String(text[text.index(after: sign)...]))
    }

    private static let reserved: Set<String> = [
        "acks", "request.required.acks", "enable.idempotence", "transactional.id", "enable.gapless.guarantee",
        "max.in.flight", "max.in.flight.requests.per.connection", "message.timeout.ms", "delivery.timeout.ms",
        "enable.auto.commit", "auto.commit.enable", "enable.auto.offset.store", "auto.offset.reset",
        "enable.partition.eof", "partition.assignment.strategy", "group.id", "group.instance.id",
        "session.timeout.ms", "allow.auto.create.topics", "bootstrap.servers", "metadata.broker.list", "client.id",
        "log.queue", "plugin.library.paths",
    ]
}

extension KafkaOption: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name without the value.
    public var description: String { "\(name)=…" }
    /// The name without the value.
    public var debugDescription: String { description }
    /// The name without the value.
    public var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

/// A line that librdkafka has to say, as that a broker cannot be reached.
public struct KafkaNotice: Sendable, Hashable {
    /// Its weight as syslog counts: 3 an error, 4 a warning, 6 information.
    public let level: Int
    /// What it is about, in librdkafka's short names.
    public let facility: String
    /// The line.
    public let text: String
}
