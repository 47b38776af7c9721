import Foundation

extension LocalRedis {
    static func start(
        _ configuration: LocalClusterConfiguration, progress: @Sendable (String) -> Void
    ) async throws -> LocalRedis? {
        let redis: LocalRedis
        switch configuration.redis {
        case .none: return nil
        case .named(let url): return LocalRedis(url)
        case .single: redis = try single(configuration)
        case .replicated: redis = try replicated(configuration)
        case .sentinel: redis = try watched(configuration)
        case .cluster: redis = try cluster(configuration)
        }
        for server in redis.servers + redis.sentinels { try await server.start() }
        try await redis.settled(within: configuration.startLimit)
        progress("Redis serves at \(redis.url)")
        return redis
    }

    private static func server(
        _ number: Int, _ configuration: LocalClusterConfiguration, port: Int? = nil, _ more: [String] = [],
        files: [String: String] = [:]
    ) throws -> RedisServer {
        let persistence: [String] =
            switch configuration.persistence {
            case .nothing: ["save \"\"", "appendonly no"]
            // The time never comes; but whoever looks sees that there are snapshots.
            case .snapshots: ["save 86400 1000000000", "appendonly no"]
            case .appendOnly: ["save \"\"", "appendonly yes", "appendfsync everysec"]
            }
        // Replicas need not wait for others to come.
        let lines = persistence + ["repl-diskless-sync-delay 0"] + more
        return try RedisServer(
            "redis-\(number)", port: try port ?? SparePort.next(), configuration, lines, files: files)
    }

    private static func single(_ configuration: LocalClusterConfiguration) throws -> LocalRedis {
        let server = try server(1, configuration)
        return LocalRedis("redis://\(addresses([server]))", [server])
    }

    private static func replicated(_ configuration: LocalClusterConfiguration) throws -> LocalRedis {
        let first = try server(1, configuration)
        let servers = [first, try server(2, configuration, ["replicaof 127.0.0.1 \(first.port)"])]
        return LocalRedis("redis://\(addresses(servers))", servers)
    }

    private static func watched(_ configuration: LocalClusterConfiguration) throws -> LocalRedis {
        let servers = try replicated(configuration).servers
        let sentinels = try (1...3).map { number in
            try RedisServer(
                "sentinel-\(number)", port: try SparePort.next(), configuration, isSentinel: true,
                [
                    "sentinel monitor poste 127.0.0.1 \(servers[0].port) 2",
                    "sentinel down-after-milliseconds poste 1000", "sentinel failover-timeout poste 5000",
                ])
        }
        return LocalRedis("redis+sentinel://\(addresses(sentinels))/poste", servers, sentinels: sentinels)
    }

    /// The nodes know each other from their files and need not meet.
    private static func cluster(_ configuration: LocalClusterConfiguration) throws -> LocalRedis {
        let slots = ["0-5460", "5461-10922", "10923-16383"]
        let run = String(UInt64.random(in: 0 ... .max) | 1 << 63, radix: 16)
        let nodes = try (0..<6).map { number in
            (id: run + run + "0000000\(number + 1)", port: try SparePort.next(), bus: try SparePort.next())
        }
        let servers = try nodes.indices.map { number in
            let lines = nodes.indices.map { other in
                let (node, primary) = (nodes[other], other % slots.count)
                let isPrimary = other == primary
                return "\(node.id) 127.0.0.1:\(node.port)@\(node.bus) \(other == number ? "myself," : "")"
                    + (isPrimary ? "master -" : "slave \(nodes[primary].id)") + " 0 0 \(primary + 1) connected"
                    + (isPrimary ? " \(slots[primary])" : "") + "\n"
            }
            return try server(
                number + 1, configuration, port: nodes[number].port,
                // 15 s by default, for which all who wait for a dead node's keys would wait.
                ["cluster-enabled yes", "cluster-port \(nodes[number].bus)", "cluster-node-timeout 2000"],
                files: ["nodes.conf": lines.joined() + "vars currentEpoch \(slots.count) lastVoteEpoch 0\n"])
        }
        return LocalRedis("redis://\(addresses(servers))", servers, isCluster: true)
    }

    private static func addresses(_ servers: [RedisServer]) -> String {
        servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    }
}
