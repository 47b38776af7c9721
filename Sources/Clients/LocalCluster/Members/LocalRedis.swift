import Foundation

/// Redis of a local cluster: one server; a primary and a replica, with Sentinels or without; a Redis Cluster; or one that runs
/// already.
public final class LocalRedis: Sendable {
    /// How the roles reach it.
    public let url: String
    /// The servers: redis-1, which begins as the primary, and redis-2; of a Redis Cluster six, of which the first three begin as
    /// primaries; none of those that run already.
    public let servers: [RedisServer]
    /// The Sentinels, where there are any.
    public let sentinels: [RedisServer]
    private let isCluster: Bool

    init(_ url: String, _ servers: [RedisServer] = [], sentinels: [RedisServer] = [], isCluster: Bool = false) {
        self.url = url
        self.servers = servers
        self.sentinels = sentinels
        self.isCluster = isCluster
    }

    /// The servers that say that they are primaries. Throws `LocalClusterError`.
    public func primaries() async throws -> [RedisServer] {
        var primaries: [RedisServer] = []
        for server in servers where server.isRunning {
            if try await server.isPrimary() { primaries.append(server) }
        }
        return primaries
    }

    /// The server that says that it is the primary; of a Redis Cluster one of them.
    /// - Throws: `LocalClusterError` where none runs that does.
    public func primary() async throws -> RedisServer {
        guard let primary = try await primaries().first else {
            throw LocalClusterError(.member, "no server of Redis is a primary")
        }
        return primary
    }

    /// A server that runs and follows the primary, or any.
    /// - Throws: `LocalClusterError` where there is none.
    public func replica(of primary: RedisServer? = nil) async throws -> RedisServer {
        for server in servers where server.isRunning {
            if try await server.isPrimary() { continue }
            guard let primary else { return server }
            if try await server.info("master_port") == "\(primary.port)" { return server }
        }
        throw LocalClusterError(.misuse, "no server of Redis is a replica" + (primary.map { " of \($0.name)" } ?? ""))
    }

    /// Empties it: all keys of all partitions are gone (FLUSHALL on every primary). Throws `LocalClusterError`.
    public func wipe() async throws {
        for primary in try await primaries() { try await primary.wipe() }
    }

    /// Cuts the replica of a primary (of a Redis Cluster of one of them) off: it keeps what it has, and sees nothing of what the
    /// primary writes from now on. Throws `LocalClusterError`.
    public func cutReplication(of primary: RedisServer? = nil) async throws {
        let cut = if let primary { primary } else { try await self.primary() }
        // It cannot come in with a password that the primary does not want; nothing else about the two changes.
        try await replica(of: cut).require("CONFIG", "SET", "masterauth", "cut")
        _ = try await cut.command("CLIENT", "KILL", "TYPE", "replica")
    }

    /// Lets replicas copy from their primaries again, and waits until they have. Throws `LocalClusterError`.
    public func mendReplication(within limit: Duration = .seconds(30)) async throws {
        for server in servers where server.isRunning {
            try await server.require("CONFIG", "SET", "masterauth", "")
            // A Sentinel has the servers write down how they are, the cut too.
            try await server.require("CONFIG", "REWRITE")
        }
        try await settled(within: limit)
    }

    /// Waits until there are as many primaries as there should be, and everybody else follows one of them.
    func settled(within limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while let lack = try await lack() {
            guard ContinuousClock.now < deadline else {
                throw LocalClusterError(.member, lack.reason, log: lack.server.logFile)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func lack() async throws -> (reason: String, server: RedisServer)? {
        var primaries = 0
        for server in servers where server.isRunning {
            if try await server.isPrimary() {
                primaries += 1
            } else if try await server.info("master_link_status") != "up" {
                return ("\(server.name) does not follow its primary", server)
            }
            if isCluster, try await !server.command("CLUSTER", "INFO").contains("cluster_state:ok") {
                return ("\(server.name) does not see the whole Redis Cluster", server)
            }
        }
        for sentinel in sentinels where sentinel.isRunning {
            let answer = try await sentinel.command("SENTINEL", "CKQUORUM", "poste")
            if !answer.hasPrefix("OK \(sentinels.count { $0.isRunning })") {
                return ("\(sentinel.name) does not see the others: \(answer)", sentinel)
            }
        }
        let wanted = isCluster ? servers.count / 2 : 1
        return primaries == wanted ? nil : ("\(primaries) servers of Redis are primaries, not \(wanted)", servers[0])
    }

    /// Kills a primary (of a Redis Cluster one of them) and makes its replica the primary, or waits until the Sentinels or the
    /// other primaries have. After `cutReplication(of:)` what was written since is lost.
    ///
    /// - Returns: the server that was killed; `rejoin(_:)` brings it back.
    /// - Throws: `LocalClusterError`.
    @discardableResult
    public func failOver(of primary: RedisServer? = nil, within limit: Duration = .seconds(30)) async throws
        -> RedisServer
    {
        let old = if let primary { primary } else { try await self.primary() }
        let new = try await replica(of: old)
        await old.kill()
        if sentinels.isEmpty, !isCluster { try await promoteReplica() }
        let deadline = ContinuousClock.now + limit
        while try await !new.isPrimary() {
            guard ContinuousClock.now < deadline else {
                throw LocalClusterError(
                    .member, "\(new.name) does not become a primary", log: sentinels.first?.logFile ?? new.logFile)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return old
    }

    /// Makes the replica a primary (REPLICAOF NO ONE), whether or not there is another; not in a Redis Cluster.
    /// Throws `LocalClusterError`.
    public func promoteReplica() async throws {
        let replica = try await replica()
        try await replica.require("REPLICAOF", "NO", "ONE")
        try await replica.require("CONFIG", "SET", "masterauth", "")
        try await replica.require("CONFIG", "REWRITE")
    }

    /// Starts a server that was killed, as a replica of what is the primary now, and waits until it has copied.
    /// Throws `LocalClusterError`.
    public func rejoin(_ server: RedisServer, within limit: Duration = .seconds(30)) async throws {
        // The nodes of a Redis Cluster agree on it by themselves.
        if !isCluster { try server.follow(try await primary()) }
        try await server.start()
        try await mendReplication(within: limit)
    }
}
