import Foundation
import Mailbox
import Primitives
import RedisStore
import StoreBehaviour
import Testing

/// The primary's place is taken by a replica, which may have missed the last writes; or keys are spread over a cluster.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is missing: apt install redis-server"))
struct FailoverTests {
    private func synced(_ replica: RedisServer) async throws {
        for _ in 0..<300 {
            if try replica.cli("INFO", "replication").contains("master_link_status:up") { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Whether the view's first position reaches a replica.
    private func arrived(at replica: RedisServer) async -> Bool {
        await patiently(10) {
            guard try replica.cli("EXISTS", "poste:{0}:position") == "1" else {
                throw StoreError(.unavailable, "not yet")
            }
        } == nil
    }

    @Test func failoverThatLostTheLastWritesIsFoldedOn() async throws {
        let primary = try RedisServer()
        let replica = try RedisServer("--replicaof", "127.0.0.1 \(primary.port)")
        let store = try RedisStore(
            .init(servers: [primary.endpoint, replica.endpoint], connectTimeout: .seconds(5)))
        try await synced(replica)
        #expect(try await store.apply([], to: 0, from: nil, reaching: position(1)))
        #expect(await arrived(at: replica))
        // From here on the replica goes its own way.
        try replica.cli("REPLICAOF", "NO", "ONE")
        #expect(try await store.apply([], to: 0, from: position(1), reaching: position(2)))
        primary.kill()
        var found: ViewPosition?
        #expect(await patiently(5) { found = try await store.position(of: 0) } == nil)
        #expect(found == position(1))
        #expect(try await !store.apply([], to: 0, from: position(2), reaching: position(3)))
        #expect(try await store.apply([], to: 0, from: position(1), reaching: position(3)))
        await store.close()
    }

    @Test func primaryThatBecomesAReplicaIsLeft() async throws {
        let first = try RedisServer()
        let second = try RedisServer()
        let store = try RedisStore(.init(servers: [first.endpoint, second.endpoint], connectTimeout: .seconds(5)))
        try await store.ping()
        #expect(try await store.apply([], to: 0, from: nil, reaching: position(1)))
        #expect(try first.cli("DBSIZE") == "1")
        try first.cli("REPLICAOF", "127.0.0.1", String(second.port))
        #expect(await fault { try await store.remove(sessionKey("x")) } != nil)
        #expect(await patiently(5) { try await store.remove(sessionKey("x")) } == nil)
        #expect(await patiently(5) { _ = try await store.apply([], to: 1, from: nil, reaching: position(7)) } == nil)
        #expect(try second.cli("EXISTS", "poste:{1}:position") == "1")
        await store.close()
    }

    @Test func sentinelTellsTheNewPrimary() async throws {
        let primary = try RedisServer()
        let replica = try RedisServer("--replicaof", "127.0.0.1 \(primary.port)")
        try await synced(replica)
        let sentinel = try RedisServer(
            "--sentinel",
            configuration: """
                sentinel monitor mail 127.0.0.1 \(primary.port) 1
                sentinel down-after-milliseconds mail 300
                sentinel failover-timeout mail 3000
                """)
        let away = RedisServer.sparePort()
        let url = "redis+sentinel://127.0.0.1:\(away),127.0.0.1:\(sentinel.port)/mail"
        let store = try RedisStore(.init(url: url))
        #expect(await patiently(5) { try await store.ping() } == nil)
        #expect(try await store.apply([], to: 0, from: nil, reaching: position(1)))
        #expect(await arrived(at: replica))
        // Sentinel needs to know the replica first.
        for _ in 0..<200 {
            if try sentinel.cli("SENTINEL", "replicas", "mail").contains(String(replica.port)) { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        primary.kill()
        var found: ViewPosition?
        #expect(
            await patiently(20) {
                found = try await store.position(of: 0)
                _ = try await store.apply([], to: 0, from: position(1), reaching: position(2))
            } == nil)
        #expect(found == position(1))
        #expect(try await store.position(of: 0) == position(2))
        #expect(try replica.cli("EXISTS", "poste:{0}:position") == "1")
        await store.close()
        let other = try RedisStore(.init(url: "redis+sentinel://127.0.0.1:\(sentinel.port)/other"))
        #expect(await fault { try await other.ping() }?.detail.contains("other") == true)
        await other.close()
    }

    /// Two nodes with half of the slots each, which know each other from their files and need not meet.
    private func cluster() async throws -> [RedisServer] {
        let ids = ["1", "2"].map { String(repeating: $0, count: 40) }
        let ports = (0..<4).map { _ in RedisServer.sparePort() }
        let slots = ["0-8191", "8192-16383"]
        let nodes = try (0..<2).map { number in
            let lines = (0..<2).map { other in
                "\(ids[other]) 127.0.0.1:\(ports[other])@\(ports[other + 2]) "
                    + "\(other == number ? "myself," : "")master - 0 0 \(other + 1) connected \(slots[other])\n"
            }
            return try RedisServer(
                port: ports[number], "--cluster-enabled", "yes", "--cluster-port", String(ports[number + 2]), "--appendonly", "yes",
                files: ["nodes.conf": lines.joined() + "vars currentEpoch 2 lastVoteEpoch 0\n"])
        }
        for node in nodes {
            var isWhole = false
            for _ in 0..<200 where !isWhole {
                isWhole = try node.cli("CLUSTER", "INFO").contains("cluster_state:ok")
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(isWhole)
        }
        return nodes
    }

    @Test func erasureReachesNodesWhereTheWorkerHasNoKeys() async throws {
        let nodes = try await cluster()
        let store = try RedisStore(.init(servers: [nodes[0].endpoint], connectTimeout: .seconds(5)))
        var age: Duration?
        #expect(await patiently(10) {
            age = try await store.erase(removedFor: .milliseconds(1))
            guard age != nil else { throw StoreError(.unavailable, "not yet") }
        } == nil)
        for node in nodes { #expect(try !node.cli("INFO", "persistence").contains("aof_rewrites:0")) }
        await store.close()
    }

    @Test func clusterIsFollowedFromNodeToNode() async throws {
        let nodes = try await cluster()
        let store = try RedisStore(.init(servers: [nodes[0].endpoint], connectTimeout: .seconds(5)))
        try await ViewBehaviour(store, partitionCount: 8).check()
        try await SessionBehaviour(store).check()
        for partition in 0..<16 {
            _ = try await store.discard(partition: partition, at: try await store.position(of: partition))
            #expect(try await store.apply([], to: partition, from: nil, reaching: position(1)))
        }
        for node in nodes { #expect(try node.cli("KEYS", "*:position").contains("position")) }
        // A slot that moves is followed, on its way and afterwards.
        let (key, name) = (sessionKey("moving"), "poste:session:2:moving")
        #expect(try await store.exchange(key, from: nil, to: [1], lifetime: .seconds(60)) == .done)
        let slot = try nodes[0].cli("CLUSTER", "KEYSLOT", name)
        let ids = try nodes.map { try $0.cli("CLUSTER", "MYID") }
        let (from, to) = (Int(slot) ?? 0) < 8192 ? (0, 1) : (1, 0)
        try nodes[to].cli("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[from])
        try nodes[from].cli("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to])
        try nodes[from].cli("MIGRATE", "127.0.0.1", String(nodes[to].port), name, "0", "1000")
        #expect(try await store.value(of: key) == [1])
        #expect(try await store.exchange(key, from: [1], to: [2], lifetime: .seconds(60)) == .done)
        for node in [to, from] { try nodes[node].cli("CLUSTER", "SETSLOT", slot, "NODE", ids[to]) }
        #expect(try await store.exchange(key, from: [2], to: [3], lifetime: .seconds(60)) == .done)
        #expect(try await store.value(of: key) == [3])
        #expect(try nodes[to].cli("EXISTS", name) == "1")
        await store.close()
    }
}
