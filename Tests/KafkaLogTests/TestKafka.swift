import CRdKafka
import Foundation
import KafkaLog
import Mailbox
import Primitives
import Testing

/// Real brokers for tests: those that `POSTE_KAFKA` names, or ones that are started from a distribution.
///
/// Brokers that are started here end with this process, however it ends: a shell waits for its pipe to close.
final class TestKafka: Sendable {
    let bootstrapServers: String
    private let script: String?
    private let folder: String?
    private let lifeline: Pipe?

    private init(bootstrapServers: String) {
        self.bootstrapServers = bootstrapServers
        (script, folder, lifeline) = (nil, nil, nil)
    }

    private init(script: String, brokers: Int, settings: [String]) throws {
        let folder = NSTemporaryDirectory() + "poste-kafka-\(UUID().uuidString)"
        let lifeline = Pipe()
        let warden = Process()
        warden.executableURL = URL(fileURLWithPath: "/bin/sh")
        warden.arguments = [
            "-c", "trap '' INT TERM HUP; cat >/dev/null; \"$0\" down \"$1\" >/dev/null 2>&1; rm -rf \"$1\"", script,
            folder,
        ]
        warden.standardInput = lifeline.fileHandleForReading
        warden.standardOutput = FileHandle.nullDevice
        try warden.run()
        // Until the brokers are up the warden could not end them: the script makes the folder first.
        let arguments = ["up", folder, "--brokers", "\(brokers)", "--fast", "--port", "\(try Self.freePorts())"]
        bootstrapServers = try Self.run(script, arguments + settings.flatMap { ["--set", $0] })
        self.script = script
        self.folder = folder
        self.lifeline = lifeline
    }

    /// One broker, or those of the environment; shared by all tests that break nothing.
    static let shared = Result {
        if let named = ProcessInfo.processInfo.environment["POSTE_KAFKA"], !named.isEmpty {
            return TestKafka(bootstrapServers: named)
        }
        // The cleaner looks more often than each 15 s, so that a test need not wait.
        return try TestKafka(script: try distribution(), brokers: 1, settings: ["log.cleaner.backoff.ms=300"])
    }

    /// Three brokers to break, made for one suite.
    static func three() throws -> TestKafka {
        // Found dead sooner than by default, so that a test need not wait.
        try TestKafka(
            script: try distribution(), brokers: 3,
            settings: ["broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500"])
    }

    struct Missing: Error, CustomStringConvertible {
        let description = """
            SKIPPED: tests of KafkaLog, since no Kafka is to be had. Name brokers in POSTE_KAFKA=host:port,host:port, or set \
            KAFKA_HOME to a distribution with the script 'kafka', or put one at ../shared/kafka beside the clone; Java 17 \
            is needed too (apt-get install openjdk-17-jre-headless). Failure tests need a distribution.
            """
    }

    /// Whether there are brokers; says loudly where there are none.
    static let isThere: Bool = {
        if ProcessInfo.processInfo.environment["POSTE_KAFKA"].map({ !$0.isEmpty }) ?? false { return true }
        return hasDistribution
    }()

    /// Whether brokers can be started; says loudly where they cannot.
    static let hasDistribution: Bool = {
        do {
            _ = try distribution()
            return true
        } catch {
            FileHandle.standardError.write(Data("\n*** \(error)\n\n".utf8))
            return false
        }
    }()

    private static func distribution() throws -> String {
        var candidates: [String] = []
        if let home = ProcessInfo.processInfo.environment["KAFKA_HOME"] { candidates.append(home + "/kafka") }
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            candidates.append(folder.appendingPathComponent("shared/kafka/kafka").path)
        }
        let java = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/java")
        }
        guard java, let found = candidates.first(where: FileManager.default.isExecutableFile) else { throw Missing() }
        return found
    }

    /// Does something to one broker: kill, start, stop, pause, resume.
    func tell(_ command: String, _ broker: Int) async throws {
        guard let script, let folder else { throw Missing() }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread {
                continuation.resume(with: Result { _ = try Self.run(script, [command, folder, "\(broker)"]) })
            }
        }
    }

    /// Ends the brokers, and removes what they wrote.
    func end() { try? lifeline?.fileHandleForWriting.close() }

    /// Runs the script, and gives what it prints. Not by Foundation's `Process`, which waits until the brokers that the
    /// script leaves behind have ended too.
    private static func run(_ script: String, _ arguments: [String]) throws -> String {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw BrokerFailure(arguments: ["no pipe"]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        // Brokers must not keep what this process has open.
        let closing =
            "for fd in /proc/self/fd/*; do n=${fd##*/}; [ \"$n\" -le 2 ] || eval \"exec $n>&-\"; done; exec \"$0\" \"$@\""
        var words = (["/bin/bash", "-c", closing, script] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/bin/bash", &actions, nil, &words, environ)
        close(ends[1])
        let output = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        guard code == 0 else { throw BrokerFailure(arguments: [script, String(cString: strerror(code))]) }
        let text = String(decoding: output.readDataToEndOfFile(), as: UTF8.self)
        var status: Int32 = 0
        guard waitpid(pid, &status, 0) == pid, status == 0 else { throw BrokerFailure(arguments: arguments) }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

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

    /// A base for ports of three brokers, below those that the system gives to clients.
    private static func freePorts() throws -> Int {
        for _ in 0..<100 {
            let base = Int.random(in: 1000..<1300) * 20
            if [10, 11, 20, 21, 30, 31].allSatisfy({ isFree(base + $0) }) {
                return base
            }
        }
        throw BrokerFailure(arguments: ["no free ports"])
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
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
