import Foundation

/// Redis of a local cluster: one server; a primary and a replica, with a Sentinel or without; or one that runs already.
public final class LocalRedis: Sendable {
    /// How the roles reach it.
    public let url: String
    /// The servers: redis-1, which begins as the primary, and redis-2; none of those that run already.
    public let servers: [RedisServer]
    /// The Sentinel, where there is one.
    public let sentinel: RedisServer?

    static func start(
        _ configuration: LocalClusterConfiguration, progress: @Sendable (String) -> Void
    ) async throws -> LocalRedis? {
        var lines: [String] =
            switch configuration.persistence {
            case .nothing: ["save \"\"", "appendonly no"]
            // The time never comes; but whoever looks sees that there are snapshots.
            case .snapshots: ["save 86400 1000000000", "appendonly no"]
            case .appendOnly: ["save \"\"", "appendonly yes", "appendfsync everysec"]
            }
        // Replicas need not wait for others to come.
        lines.append("repl-diskless-sync-delay 0")
        let first = try RedisServer("redis-1", port: try SparePort.next(), configuration, lines)
        let redis: LocalRedis
        switch configuration.redis {
        case .none: return nil
        case .named(let url): return LocalRedis(url, [], nil)
        case .single: redis = LocalRedis("redis://127.0.0.1:\(first.port)", [first], nil)
        case .replicated, .sentinel:
            let second = try RedisServer(
                "redis-2", port: try SparePort.next(), configuration, lines + ["replicaof 127.0.0.1 \(first.port)"])
            if configuration.redis == .replicated {
                redis = LocalRedis("redis://127.0.0.1:\(first.port),127.0.0.1:\(second.port)", [first, second], nil)
            } else {
                let sentinel = try RedisServer(
                    "sentinel", port: try SparePort.next(), configuration, isSentinel: true,
                    [
                        "sentinel monitor poste 127.0.0.1 \(first.port) 1",
                        "sentinel down-after-milliseconds poste 1000", "sentinel failover-timeout poste 5000",
                    ])
                redis = LocalRedis("redis+sentinel://127.0.0.1:\(sentinel.port)/poste", [first, second], sentinel)
            }
        }
        for server in redis.servers { try await server.start() }
        if redis.servers.count == 2 { try await redis.mended(within: .seconds(30)) }
        try await redis.sentinel?.start()
        progress("Redis serves at \(redis.url)")
        return redis
    }

    private init(_ url: String, _ servers: [RedisServer], _ sentinel: RedisServer?) {
        self.url = url
        self.servers = servers
        self.sentinel = sentinel
    }

    /// The server that says that it is the primary.
    /// - Throws: `LocalClusterError` where none runs that does.
    public func primary() async throws -> RedisServer {
        for server in servers where server.isRunning {
            if try await server.isPrimary() { return server }
        }
        throw LocalClusterError(.member, "no server of Redis is a primary")
    }

    /// A server that runs and is not the primary.
    /// - Throws: `LocalClusterError` where there is none.
    public func replica() async throws -> RedisServer {
        for server in servers where server.isRunning {
            if try await !server.isPrimary() { return server }
        }
        throw LocalClusterError(.misuse, "no server of Redis is a replica")
    }

    /// Empties it: all keys of all partitions are gone (FLUSHALL on the primary). Throws `LocalClusterError`.
    public func wipe() async throws { try await primary().wipe() }

    /// Cuts the replica off: it keeps what it has, and sees nothing of what the primary writes from now on.
    /// Throws `LocalClusterError`.
    public func cutReplication() async throws {
        // It cannot come in with a password that the primary does not want; nothing else about the two changes.
        try await replica().require("CONFIG", "SET", "masterauth", "cut")
        _ = try await primary().command("CLIENT", "KILL", "TYPE", "replica")
    }

    /// Lets the replica copy from the primary again, and waits until it has. Throws `LocalClusterError`.
    public func mendReplication(within limit: Duration = .seconds(30)) async throws {
        for server in servers where server.isRunning {
            try await server.require("CONFIG", "SET", "masterauth", "")
            // A Sentinel has the servers write down how they are, the cut too.
            try await server.require("CONFIG", "REWRITE")
        }
        try await mended(within: limit)
    }

    private func mended(within limit: Duration) async throws {
        let replica = try await replica()
        let deadline = ContinuousClock.now + limit
        while try await replica.info("master_link_status") != "up" {
            guard ContinuousClock.now < deadline else {
                throw LocalClusterError(.member, "\(replica.name) does not follow the primary", log: replica.logFile)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Kills the primary and makes the replica the primary, or waits until the Sentinel has. After `cutReplication()`
    /// what was written since is lost.
    ///
    /// - Returns: the server that was killed; `rejoin(_:)` brings it back.
    /// - Throws: `LocalClusterError`.
    @discardableResult
    public func failOver(within limit: Duration = .seconds(30)) async throws -> RedisServer {
        let (old, new) = (try await primary(), try await replica())
        await old.kill()
        if sentinel == nil { try await promoteReplica() }
        let deadline = ContinuousClock.now + limit
        while try await !new.isPrimary() {
            guard ContinuousClock.now < deadline else {
                throw LocalClusterError(.member, "\(new.name) does not become the primary", log: sentinel?.logFile)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return old
    }

    /// Makes the replica a primary (REPLICAOF NO ONE), whether or not there is another. Throws `LocalClusterError`.
    public func promoteReplica() async throws {
        let replica = try await replica()
        try await replica.require("REPLICAOF", "NO", "ONE")
        try await replica.require("CONFIG", "SET", "masterauth", "")
        try await replica.require("CONFIG", "REWRITE")
    }

    /// Starts a server that was killed, as a replica of what is the primary now, and waits until it has copied.
    /// Throws `LocalClusterError`.
    public func rejoin(_ server: RedisServer, within limit: Duration = .seconds(30)) async throws {
        try server.follow(try await primary())
        try await server.start()
        try await mendReplication(within: limit)
    }
}
