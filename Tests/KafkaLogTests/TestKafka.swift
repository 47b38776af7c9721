import CRdKafka
import Foundation
import KafkaLog
import LocalCluster
import Mailbox
import Primitives
import Testing

/// Real brokers for tests: those that `POSTE_KAFKA` names, or ones that are started from wherever `deploy/kafka` finds Kafka.
final class TestKafka: Sendable {
    let bootstrapServers: String
    private let brokers: LocalBrokers?

    private init(_ bootstrapServers: String, _ brokers: LocalBrokers?) {
        self.bootstrapServers = bootstrapServers
        self.brokers = brokers
    }

    private static func start(_ count: Int, settings: [String]) async throws -> TestKafka {
        let folder = NSTemporaryDirectory() + "poste-kafka-\(UUID().uuidString)"
        let brokers = try await LocalBrokers.start(count, settings: settings, in: folder)
        return TestKafka(brokers.bootstrapServers, brokers)
    }

    private static let named = ProcessInfo.processInfo.environment["POSTE_KAFKA"].flatMap { $0.isEmpty ? nil : $0 }

    /// One broker, or those of the environment; shared by all tests that break nothing. They end with this process.
    static let shared = Task {
        if let named { return TestKafka(named, nil) }
        // The cleaner looks more often than each 15 s, so that a test need not wait.
        return try await start(1, settings: ["log.cleaner.backoff.ms=300"])
    }

    /// Three brokers to break, made for one suite.
    static func three() async throws -> TestKafka {
        // Found dead sooner than by default, so that a test need not wait.
        try await start(3, settings: LocalClusterConfiguration.foundDeadSoon)
    }

    /// A broker with a further listener, for TLS and passwords, on the port two above.
    static func secured(by security: KafkaSecurity) async throws -> TestKafka {
        try await start(1, settings: security.brokerSettings)
    }

    /// Whether Kafka's own tools can be asked about the shared brokers.
    static let hasTools = named == nil && hasDistribution

    /// What the tool for consumer groups tells of one.
    func describe(group: String) async throws -> String {
        guard let brokers else { throw BrokerFailure(arguments: ["there are no tools for the brokers of POSTE_KAFKA"]) }
        return try await brokers.tool("groups", "--describe", "--group", group)
    }

    /// The broker that coordinates a group.
    func coordinator(of group: String) async throws -> Int {
        guard let brokers else { throw BrokerFailure(arguments: ["there are no tools for the brokers of POSTE_KAFKA"]) }
        let state = try await brokers.tool("groups", "--describe", "--group", group, "--state")
        // Such as "poste-delivery 127.0.0.1:9092 (1) …".
        let digits = state.split(separator: "\n").last { $0.contains(group) }?
            .split(separator: "(").dropFirst().first?.prefix { $0.isNumber }
        guard let number = digits.flatMap({ Int($0) }) else { throw BrokerFailure(arguments: ["no coordinator in", state]) }
        return number
    }

    /// Whether there are brokers; says loudly where there are none.
    static let isThere = named != nil || hasDistribution

    /// Whether brokers can be started; says loudly why they cannot, and what to do about it.
    static let hasDistribution: Bool = {
        guard let reason = RealParts.lackOfKafka() else { return true }
        FileHandle.standardError.write(Data("\n*** SKIPPED: tests of KafkaLog that start brokers\n\(reason)\n\n".utf8))
        return false
    }()

    /// Does something to one broker: kill, start, stop, pause, resume.
    func tell(_ command: String, _ broker: Int) async throws {
        guard let brokers else { throw BrokerFailure(arguments: ["the brokers of POSTE_KAFKA are not broken"]) }
        switch command {
        case "kill": try await brokers.kill(broker)
        case "start": try await brokers.start(broker)
        case "stop": try await brokers.stop(broker)
        case "pause": try await brokers.pause(broker)
        case "resume": try await brokers.resume(broker)
        default: throw BrokerFailure(arguments: [command])
        }
    }

    /// Ends the brokers, and removes what they wrote.
    func end() async { await brokers?.end() }

    struct BrokerFailure: Error { let arguments: [String] }

    /// Makes the brokers delete the records before an offset.
    func forget(_ topic: String, partition: Int, before offset: UInt64) throws {
        guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, plainConfiguration(), nil, 0),
            let queue = rd_kafka_queue_new(handle), let list = rd_kafka_topic_partition_list_new(1)
        else { throw BrokerFailure(arguments: ["no handle"]) }
        rd_kafka_topic_partition_list_add(list, topic, Int32(partition))?.pointee.offset = Int64(offset)
        var requests: [OpaquePointer?] = [rd_kafka_DeleteRecords_new(list)]
        rd_kafka_DeleteRecords(handle, &requests, 1, nil, queue)
        let event = rd_kafka_queue_poll(queue, 10_000)
        defer {
            rd_kafka_event_destroy(event)
            rd_kafka_DeleteRecords_destroy(requests[0])
            rd_kafka_topic_partition_list_destroy(list)
            rd_kafka_queue_destroy(queue)
            rd_kafka_destroy(handle)
        }
        guard let event, rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw BrokerFailure(arguments: ["records are not deleted"])
        }
    }

    private func plainConfiguration() -> OpaquePointer? {
        let configuration = rd_kafka_conf_new()
        rd_kafka_conf_set(configuration, "bootstrap.servers", bootstrapServers, nil, 0)
        return configuration
    }

    /// A configuration for topics that no other test uses.
    func configuration(messageTimeoutMs: Int = 20_000) throws -> KafkaConfiguration {
        let prefix = "t\(hexadecimal(try SystemRandom().octets(4)))."
        return KafkaConfiguration(
            bootstrapServers: bootstrapServers, groupID: prefix + "delivery", topicPrefix: prefix,
            messageTimeoutMs: messageTimeoutMs)
    }

    /// Makes topics and opens the log on them.
    func log(partitions: Int = 3, replicas: Int = 1, messageTimeoutMs: Int = 20_000) async throws -> KafkaLog {
        let configuration = try configuration(messageTimeoutMs: messageTimeoutMs)
        let plan = TopicPlan(partitions: partitions, replicas: replicas, minInSync: max(1, replicas - 1))
        _ = try await KafkaTopics(configuration).create(plan)
        return try await KafkaLog.open(configuration)
    }
}
