import ChaosRun
import Foundation
import LocalCluster
import Testing

/// A short failure run on a real cluster. `make chaos` makes longer ones.
@Suite(.enabled(if: RealParts.areThere(or: "the failure run"))) struct ShortRunTests {
    @Test(.timeLimit(.minutes(10))) func everythingThatWasPromisedIsKeptThoughMuchBreaks() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["POSTE_CHAOS_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...999_999)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("chaos-\(UUID().uuidString)").path
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        let beside = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("poste").path
        var settings = ChaosRun.Settings(
            seed: seed, lengthMs: 75_000, folder: folder, executable: environment["POSTE_BINARY"] ?? beside)
        settings.tell = { FileHandle.standardError.write(Data("chaos: \($0)\n".utf8)) }
        let report = try await ChaosRun.run(settings)
        print(report.json)
        #expect(report.isClean, "seed \(seed), everything is in \(folder): \(report.json)")
        if report.isClean { try? FileManager.default.removeItem(atPath: folder) }
    }
}
