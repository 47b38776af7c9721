import Mailbox

/// The view and the sessions in Redis 7 or later, or Valkey: one server, a primary that Sentinels watch, one of several
/// that are named, or a Redis Cluster.
///
/// A connection is made when it is first needed, and made again when it breaks; whatever was under way then fails with
/// `.unavailable`. Every change is a script that compares before it sets, so that the caller may repeat it.
///
/// Redis keeps nothing that the log cannot give back. What it must be told: `maxmemory-policy` not `allkeys-…`, which
/// is checked; and for crypto-erasure see `compact`.
public final class RedisStore: Sendable {
    /// The most octets of one `apply`: 16 MiB. A batch is one script call and cannot be cut without ceasing to be one
    /// step.
    public static let batchLimit = 16 << 20

    let prefix: [UInt8]
    let router: Router

    /// A store. Nothing is connected yet: `ping` tells whether that works.
    /// - Throws: `StoreError.misuse` for a configuration that cannot be meant.
    public init(_ configuration: Configuration) throws(StoreError) {
        try configuration.check()
        prefix = Array(configuration.prefix.utf8)
        router = Router(configuration, scripts: ViewScripts.all + SessionScripts.all)
    }

    deinit { router.close() }

    /// Connects, and tells what is wrong with the server or its URL.
    /// - Throws: `StoreError`: `.unavailable`; `.misuse` for a wrong password, a version too old, or a server that may
    ///   throw keys away; `.corrupt` for something that is no Redis.
    public func ping() async throws(StoreError) { try await router.ping() }

    /// One command of Redis's, for tests and figures.
    /// - Throws: `StoreError`, for a refusal too.
    package func command(_ name: String, _ arguments: [[UInt8]]) async throws(StoreError) -> Reply {
        try await router.send(Command(name, arguments), key: arguments.first ?? [], lane: .sessions)
    }

    /// Closes all connections. Every later call fails with `.closed`.
    public func close() async { router.close() }
}
