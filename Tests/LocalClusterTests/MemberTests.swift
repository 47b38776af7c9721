import Foundation
import LocalCluster
import Testing

/// A cluster whose members are killed, frozen, cut off and put back.
@Suite(.enabled(if: RealParts.areThere(or: "tests of a whole cluster on loopback"))) struct MemberTests {
    private static let executable: String = {
        if let path = ProcessInfo.processInfo.environment["POSTE_BINARY"] { return path }
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("poste").path
    }()

    @Test(.timeLimit(.minutes(4))) func everyMemberCanBeKilledAndComesBack() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-local-\(UUID().uuidString)")
        var configuration = LocalClusterConfiguration(executable: Self.executable, folder: folder.path)
        configuration.level = 1024
        configuration.redis = .replicated
        configuration.partitions = 4
        configuration.removesFolder = true
        let cluster = try await LocalCluster.start(configuration)
        do {
            try await roles(cluster)
            try await redis(try #require(cluster.redis))
            try await brokers(try #require(cluster.brokers))
            await cluster.stop()
        } catch {
            await cluster.stop()
            throw error
        }
        #expect(cluster.roles.allSatisfy { !$0.isRunning })
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }

    private func roles(_ cluster: LocalCluster) async throws {
        #expect(Set(try await cluster.owners().values.map(\.name)) == ["worker-1", "worker-2"])
        let (front, worker) = (cluster.fronts[0], cluster.workers[0])
        let (addresses, pid) = (front.addresses, front.pid)
        await front.kill()
        #expect(front.end == .killed(SIGKILL) && !front.isRunning)
        front.environment = ["POSTE_LOG_FORMAT": "json"]
        try await front.start()
        #expect(front.addresses == addresses && front.pid != pid && front.isRunning)
        let log = try String(contentsOf: front.logFile, encoding: .utf8)
        #expect(log.contains("\"component\":\"front\""), "its variables hold from its next start on")
        worker.pause()
        #expect(worker.isPaused && worker.isRunning)
        worker.resume()
        try await worker.restart()
        #expect(Set(try await cluster.owners().values.map(\.name)) == ["worker-1", "worker-2"])
        await worker.kill()
        #expect(Set(try await cluster.owners().values.map(\.name)) == ["worker-2"])
        try await clocks(cluster)
    }

    private func clocks(_ cluster: LocalCluster) async throws {
        let front = cluster.fronts[1]
        await front.terminate()
        // Ten minutes are allowed. The KMS does not believe who is further off, and so the front gets no keys.
        front.clockOffsetSeconds = -1200
        try front.launch()
        func log() -> String { (try? String(contentsOf: front.logFile, encoding: .utf8)) ?? "" }
        for _ in 0..<400 where !log().contains("Invalid TS") { try await Task.sleep(for: .milliseconds(50)) }
        #expect(log().contains("Invalid TS"), "\(log().suffix(500))")
        front.clockOffsetSeconds = 300
        try await front.restart()
        front.clockOffsetSeconds = 0
        #expect(front.environment["POSTE_CLOCK_OFFSET"] == nil)
    }

    private func redis(_ redis: LocalRedis) async throws {
        let first = try await redis.primary()
        try await first.command("SET", "before", "1")
        try await Task.sleep(for: .milliseconds(300))
        try await redis.cutReplication()
        try await first.command("SET", "after", "1")
        #expect(try await redis.failOver() === first)
        let second = try await redis.primary()
        #expect(second !== first)
        #expect(try await second.command("MGET", "before", "after") == "1", "the last writes are lost")
        let snapshot = try await second.saveSnapshot()
        try await second.command("SET", "later", "1")
        try await redis.rejoin(first)
        #expect(try await redis.replica() === first)
        #expect(try await first.command("GET", "later") == "1")
        try await second.restore(snapshot)
        #expect(try await second.command("MGET", "before", "later") == "1", "put back to the snapshot")
        try await redis.wipe()
        #expect(try await second.command("DBSIZE") == "0")
    }

    private func brokers(_ brokers: LocalBrokers) async throws {
        try await brokers.kill(2)
        try await brokers.pause(3)
        try await brokers.resume(3)
        try await brokers.start(2)
        let topics = try await brokers.tool("topics", "--list")
        for name in ["poste.envelopes", "poste.contents", "poste.presence"] { #expect(topics.contains(name)) }
        await #expect(throws: LocalClusterError.self) { try await brokers.kill(9) }
    }

    @Test func aMemberThatDoesNotStartShowsTheEndOfItsLog() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-local-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = LocalClusterConfiguration(executable: Self.executable, folder: folder.path)
        configuration.brokers = .none
        configuration.redis = .none
        configuration.level = 999
        do {
            let cluster = try await LocalCluster.start(configuration)
            await cluster.stop()
            Issue.record("a KMS of level 999 was started")
        } catch let error as LocalClusterError {
            #expect(error.kind == .member && error.description.contains("--level is 2048, 3072 or 7680"), "\(error)")
        }
    }
}
