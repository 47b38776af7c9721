import Foundation
import LocalCluster
import Testing

/// The demo on real brokers and a real Redis, of which nothing may be left however it ends.
@Suite(.enabled(if: RealParts.areThere(or: "the demo on Kafka and Redis")), .serialized) struct ClusterDemoTests {
    @Test(.timeLimit(.minutes(4))) func aFrontAndAWorkerDieAndNothingIsLost() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let outcome = try await poste.run("demo", "--cluster", "--json", "--insecure-test-level", limit: .seconds(180))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try DemoOutcome(outcome.lines)
        #expect(report.ok && !report.plaintext_found && report.keys_erased)
        #expect(report.deposits.map(\.bytes).first == 480_044 && report.deposits.count == 2)
        #expect(report.deposits.allSatisfy { $0.sender_proof == "verified" })
        #expect(report.fronts["I_MESSAGE_1"] != report.fronts["I_MESSAGE_2"])
        // The front that the second message reached, before it had the deposit; and the worker that pushed it.
        #expect(report.killed.map(\.name).first == report.fronts["I_MESSAGE_2"])
        #expect(report.killed.count == 2 && report.killed.last?.name.hasPrefix("worker-") == true)
        #expect(report.killed.allSatisfy { kill($0.pid, 0) != 0 })
    }

    @Test(.timeLimit(.minutes(2)), arguments: [SIGKILL, SIGTERM]) func leavesNothingBehind(signal: Int32) async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let demo = try poste.start("demo", "--cluster", "--json", "--insecure-test-level")
        // Brokers, Redis and KMS have begun, and not all serve yet.
        for _ in 0..<600 where !demo.output.contains("KMS serves") { try await Task.sleep(for: .milliseconds(50)) }
        try await Task.sleep(for: .seconds(2))
        let started = try Self.processes(startedBy: demo.identifier)
        #expect(started.count >= 3)
        kill(demo.identifier, signal)
        await demo.ended()
        for _ in 0..<300 where started.contains(where: Self.isRunning) { try await Task.sleep(for: .milliseconds(50)) }
        #expect(started.filter(Self.isRunning).isEmpty)
        if signal == SIGTERM { #expect(demo.errors.contains("stopped"), "\(demo.errors)") }
    }

    /// A process by its number and the time at which it began: numbers are used again.
    private struct Life: Hashable {
        let pid: Int32
        let began: Substring
    }

    /// The processes whose command lines name the demo's folder.
    private static func processes(startedBy demo: Int32) throws -> Set<Life> {
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
        let children = all.filter { fields(of: $0)?.parent == demo }
        // The warden knows the folder; what else names it is the demo's.
        let folder = children.flatMap { commandLine(of: $0) }.compactMap(folderName).first
        guard let folder else { return [] }
        return Set(
            all.filter { pid in commandLine(of: pid).contains { $0.contains(folder) } }
                .compactMap { pid in fields(of: pid).map { Life(pid: pid, began: $0.began) } })
    }

    private static func folderName(_ argument: String) -> String? {
        argument.split(separator: "/").first { $0.hasPrefix("poste-demo-") }.map(String.init)
    }

    private static func isRunning(_ life: Life) -> Bool {
        guard let fields = fields(of: life.pid) else { return false }
        return fields.began == life.began && fields.state != "Z"
    }

    private static func commandLine(of pid: Int32) -> [String] {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Of proc(5): state is the third field, parent the fourth, start the 22nd; the second may hold anything.
    private static func fields(of pid: Int32) -> (state: Substring, parent: Int32, began: Substring)? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat"),
            let rest = String(decoding: data, as: UTF8.self).split(separator: ")").last
        else { return nil }
        let fields = rest.split(separator: " ")
        guard fields.count > 19, let parent = Int32(fields[1]) else { return nil }
        return (fields[0], parent, fields[19])
    }
}
