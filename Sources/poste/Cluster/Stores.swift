import EmbeddedStore
import KafkaLog
import Mailbox
import Observability
import RedisStore
import WorkPool

/// The three ports of a cluster, behind which its state lies.
struct Stores: Sendable {
    let mailLog: any MailLog
    let view: any MailboxView
    let sessions: any SessionStore
    /// Ends what is open, after the last use: what was appended is sent first.
    let close: @Sendable () async -> Void

    /// Stores from their parts.
    init(
        mailLog: any MailLog, view: any MailboxView, sessions: any SessionStore,
        close: @escaping @Sendable () async -> Void
    ) {
        self.mailLog = mailLog
        self.view = view
        self.sessions = sessions
        self.close = close
    }

    /// All of them on one SQLite file.
    init(_ store: EmbeddedStore) {
        mailLog = store
        view = store
        sessions = store
        close = { await store.close() }
    }

    /// The log in Kafka, the rest in Redis.
    init(_ kafka: KafkaLog, _ redis: RedisStore) {
        mailLog = kafka
        view = redis
        sessions = redis
        close = {
            await kafka.close()
            await redis.close()
        }
    }

    /// Opens them where they lie. Servers that do not answer yet are waited for, up to a minute: in a cluster all starts at
    /// once. Throws `StoreError`.
    static func open(_ location: StoreLocation, in folder: ClusterFolder, log: Log) async throws -> Stores {
        switch location {
        case .folder: return Stores(try await folder.store())
        case .servers(let kafka, let redis):
            let store = try RedisStore(redis)
            try await waiting(log) { () throws(StoreError) in try await store.ping() }
            return Stores(
                try await waiting(log) { () throws(StoreError) in try await KafkaLog.open(kafka) }, store)
        }
    }

    private static func waiting<Value>(
        _ log: Log, _ work: () async throws(StoreError) -> Value
    ) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do throws(StoreError) {
                return try await work()
            } catch {
                guard error.isTransient, ContinuousClock.now < deadline else { throw error }
                log.warning("store unavailable, trying again", ["detail": .text(error.detail)])
            }
            try await Task.sleep(for: .seconds(1))
        }
    }
}

extension ClusterFolder {
    /// The cluster's embedded store, made where there is none. Throws `StoreError`.
    func store() async throws -> EmbeddedStore {
        let configuration = EmbeddedStore.Configuration(path: storePath, clock: wallClock)
        // It waits for another process that is making it: not on a thread of the cooperative pool.
        return try await onThread { try EmbeddedStore(configuration) }
    }
}
