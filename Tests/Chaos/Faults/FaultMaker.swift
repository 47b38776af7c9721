import Foundation
import LocalCluster

/// Does faults to a cluster, and mends what they broke. One fault of a lane at a time.
struct FaultMaker: Sendable {
    let cluster: LocalCluster
    /// The disk of the broker that can be made full.
    let smallDisk: SmallDisk

    /// Why a fault cannot be made.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Does a fault, waits until it has lasted long enough, and mends it; returns when what was broken serves again.
    func make(_ fault: Fault, lasting duration: Duration) async throws {
        switch fault {
        case .kill(let member):
            try await kill(member)
            try await Task.sleep(for: duration)
            try await start(member)
        case .freeze(let member):
            try await signal(member, isFrozen: true)
            try await Task.sleep(for: duration)
            try await signal(member, isFrozen: false)
        case .clockSkew(let member, let seconds):
            try await kill(member)
            try await start(member, clockOffset: seconds)
            try await Task.sleep(for: duration)
            try await stop(member)
            try await start(member)
        case .diskFull(let number): try await fillDisk(ofBroker: number, for: duration)
        case .redisFailover(let lostMs): try await failOver(losing: .milliseconds(lostMs), for: duration)
        case .redisWipe: try await wipe(for: duration)
        case .rebuild: try await cluster.operate("rebuild")
        case .rollingRestart: try await restartAll()
        }
    }

    private var redis: LocalRedis {
        get throws {
            guard let redis = cluster.redis else { throw Failure(description: "the cluster has no Redis") }
            return redis
        }
    }

    private var brokers: LocalBrokers {
        get throws {
            guard let brokers = cluster.brokers else { throw Failure(description: "the cluster has no brokers") }
            return brokers
        }
    }

    private func role(_ member: Member) -> LocalRole? {
        switch member {
        case .front(let number): cluster.fronts[number]
        case .worker(let number): cluster.workers[number]
        case .broker: nil
        }
    }

    private func kill(_ member: Member) async throws {
        if case .broker(let number) = member { return try await brokers.kill(number + 1) }
        await role(member)?.kill()
    }

    private func stop(_ member: Member) async throws {
        if case .broker(let number) = member { return try await brokers.stop(number + 1) }
        await role(member)?.terminate()
    }

    private func start(_ member: Member, clockOffset seconds: Int = 0) async throws {
        if case .broker(let number) = member { return try await brokers.start(number + 1) }
        let role = role(member)
        role?.clockOffsetSeconds = seconds
        try await role?.start()
    }

    private func signal(_ member: Member, isFrozen: Bool) async throws {
        if case .broker(let number) = member {
            return isFrozen ? try await brokers.pause(number + 1) : try await brokers.resume(number + 1)
        }
        if isFrozen { role(member)?.pause() } else { role(member)?.resume() }
    }

    private func fillDisk(ofBroker number: Int, for duration: Duration) async throws {
        let pid = try brokers.folder.flatMap { try String(contentsOf: $0.appendingPathComponent("\(number + 1)/pid"), encoding: .utf8) }
        guard let pid = pid.flatMap({ Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }) else {
            throw Failure(description: "broker \(number + 1) has no number of a process")
        }
        try smallDisk.fill(brokerPID: pid)
        try await Task.sleep(for: duration)
        try smallDisk.empty()
        // Kafka has taken the folder offline and ended, or goes on with what it still can write: either way it begins anew.
        try await brokers.kill(number + 1)
        try await brokers.start(number + 1)
    }

    private func failOver(losing lost: Duration, for duration: Duration) async throws {
        let redis = try redis
        // In a Redis Cluster that one which has most partitions' views loses most.
        var (primary, most) = (try await redis.primary(), 0)
        for candidate in try await redis.primaries() {
            let views = try await candidate.command("KEYS", "poste:{*}:position").split(separator: "\n").count
            if views > most { (primary, most) = (candidate, views) }
        }
        if lost > .zero {
            let replica = try await redis.replica(of: primary)
            var hasLost = false
            try await redis.cutReplication(of: primary)
            try await Task.sleep(for: lost)
            // Beside other faults it may take a moment until anything is written.
            for _ in 0..<100 {
                let reached = try await (primary.info("master_repl_offset"), replica.info("master_repl_offset"))
                hasLost = reached.0 != reached.1
                if hasLost { break }
                try await Task.sleep(for: .milliseconds(100))
            }
            guard hasLost else { throw Failure(description: "nothing was written that could be lost") }
        }
        let old = try await redis.failOver(of: primary)
        try await Task.sleep(for: duration)
        try await redis.rejoin(old)
    }

    private func wipe(for duration: Duration) async throws {
        let redis = try redis
        let primaries = try await redis.primaries()
        let replicas = redis.servers.filter { server in !primaries.contains { $0 === server } }
        for server in replicas + primaries { await server.kill() }
        for server in redis.servers {
            // Put aside, so that the search for plaintext still sees it.
            for file in ["appendonlydir", "dump.rdb"] {
                let path = server.folder.appendingPathComponent(file).path
                rename(path, "\(path).wiped-\(UUID().uuidString)")
            }
        }
        try await Task.sleep(for: duration)
        for server in primaries { try await server.start() }
        for server in replicas { try await redis.rejoin(server) }
    }

    private func restartAll() async throws {
        try await cluster.kms.restart()
        for role in cluster.fronts + cluster.workers { try await role.restart() }
        for number in 1...(try brokers.count) {
            try await brokers.stop(number)
            try await brokers.start(number)
        }
        try await failOver(losing: .zero, for: .zero)
    }
}
