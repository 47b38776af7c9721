import ChaosRun
import Foundation
import LocalCluster
import Testing

/// Short failure runs on a real cluster. `make chaos` makes longer ones.
@Suite(.enabled(if: RealParts.areThere(or: "the failure run")), .serialized) struct ShortRunTests {
    @Test(.timeLimit(.minutes(10))) func everythingThatWasPromisedIsKeptThoughMuchBreaks() async throws {
        _ = try await run()
    }

    /// A Redis Cluster: its keys are on three servers, of which one dies with its last writes and has its place taken.
    @Test(.timeLimit(.minutes(5))) func aRedisClusterIsRebuiltAndLosesAPrimary() async throws {
        let report = try await run {
            $0.redis = .cluster
            $0.faults = [.rebuild, .redisFailover(lostMs: 1_500)]
        }
        #expect(report.faults == 2 && report.singleRecipientSilenceMs < 30_000)
    }

    @Test(.timeLimit(.minutes(5))) func sentinelsPromoteAReplicaThatLacksTheLastWrites() async throws {
        let report = try await run {
            $0.redis = .sentinel
            $0.faults = [.redisFailover(lostMs: 1_500)]
        }
        #expect(report.faults == 1 && report.singleRecipientSilenceMs < 30_000)
    }

    private func run(_ change: (inout ChaosRun.Settings) -> Void = { _ in }) async throws -> Report {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["POSTE_CHAOS_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...999_999)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("chaos-\(UUID().uuidString)").path
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        let beside = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("poste").path
        var settings = ChaosRun.Settings(
            seed: seed, lengthMs: 75_000, folder: folder, executable: environment["POSTE_BINARY"] ?? beside)
        settings.tell = { FileHandle.standardError.write(Data("chaos: \($0)\n".utf8)) }
        change(&settings)
        let report = try await ChaosRun.run(settings)
        print(report.json)
        #expect(report.isClean, "seed \(seed), everything is in \(folder): \(report.json)")
        if report.isClean { try? FileManager.default.removeItem(atPath: folder) }
        return report
    }
}
