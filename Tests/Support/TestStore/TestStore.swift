import EmbeddedStore
import Foundation
import KafkaLog
import Mailbox
import Primitives
import RedisStore

/// Log, view and sessions for one test: a file of its own, or topics and keys of its own on the servers that the environment names.
///
/// With `POSTE_TEST_STORE=servers` they are on the brokers of `POSTE_KAFKA` and the Redis of `POSTE_REDIS`, so that one suite
/// shows what holds for both.
package struct TestStore: Sendable {
    package let mailLog: any MailLog
    package let view: any MailboxView
    package let sessions: any SessionStore
    private let folder: URL
    private let closing: @Sendable () async -> Void

    /// Whether tests run on servers.
    package static let isOnServers = environment("POSTE_TEST_STORE") == "servers"

    /// Makes an empty store whose clock is the test's.
    package static func make(partitions: Int, clock: @escaping @Sendable () -> UTCTime) async throws -> TestStore {
        isOnServers
            ? try await onServers(partitions: partitions, clock: clock) : try embedded(partitions: partitions, clock: clock)
    }

    /// Ends all connections, and removes what it wrote into files of its own.
    package func close() async {
        await closing()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Whether the octets are in a file of the embedded store.
    package func filesHold(_ octets: [UInt8]) throws -> Bool {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).contains {
            try Data(contentsOf: $0).range(of: Data(octets)) != nil
        }
    }

    private static func embedded(partitions: Int, clock: @escaping @Sendable () -> UTCTime) throws -> TestStore {
        let folder = try makeFolder()
        let store = try EmbeddedStore(
            .init(path: folder.appending(path: "store.sqlite").path, partitionCount: partitions, clock: clock))
        return TestStore(mailLog: store, view: store, sessions: store, folder: folder) { await store.close() }
    }

    private static func onServers(
        partitions: Int, clock: @escaping @Sendable () -> UTCTime
    ) async throws -> TestStore {
        guard let brokers = environment("POSTE_KAFKA"), let url = environment("POSTE_REDIS") else {
            throw StoreError(.misuse, "POSTE_TEST_STORE=servers wants POSTE_KAFKA and POSTE_REDIS too")
        }
        let prefix = "t\(hexadecimal(try SystemRandom().octets(4)))"
        let configuration = KafkaConfiguration(
            bootstrapServers: brokers, groupID: "\(prefix)-delivery", topicPrefix: "\(prefix).", messageTimeoutMs: 20_000)
        _ = try await KafkaTopics(configuration).create(TopicPlan(partitions: partitions, replicas: 1, minInSync: 1))
        let log = try await KafkaLog.open(configuration)
        var servers = try RedisStore.Configuration(url: url)
        servers.prefix = "\(prefix):"
        let redis = try RedisStore(servers)
        return TestStore(
            mailLog: DatedLog(log, clock: clock), view: redis, sessions: redis, folder: try makeFolder()
        ) {
            await log.close()
            await redis.close()
        }
    }

    private init(
        mailLog: any MailLog, view: any MailboxView, sessions: any SessionStore, folder: URL,
        closing: @escaping @Sendable () async -> Void
    ) {
        self.mailLog = mailLog
        self.view = view
        self.sessions = sessions
        self.folder = folder
        self.closing = closing
    }

    private static func makeFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "poste-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
