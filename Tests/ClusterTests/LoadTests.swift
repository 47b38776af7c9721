import Foundation
import Testing

/// `poste load` and the patterns of `poste presence`, as a person runs them.
@Suite struct LoadTests {
    private struct Report: Decodable {
        struct Figures: Decodable {
            let count: Int
            let p50, p99, p999: Double?

            enum CodingKeys: String, CodingKey {
                case count, p50, p99
                case p999 = "p99.9"
            }
        }

        struct Process: Decodable {
            let name: String
            let peak_resident_bytes: Int
            let pending_resident_bytes: Int?
        }

        let ok: Bool
        let offered_per_s, achieved_per_s: Double
        let deposits, delivered, lost, corrupt, repeated, failed: Int
        let latency_ms: [String: Figures]
        let processes: [Process]

        init(_ outcome: Poste.Outcome) throws {
            self = try JSONDecoder().decode(Report.self, from: Data((outcome.lines.last ?? "").utf8))
        }
    }

    private static let small = [
        "load", "--brokers", "0", "--level", "1024", "--users", "20", "--rate", "20", "--json",
    ]

    @Test func aRunOnAClusterOfItsOwnIsSoundAndTimed() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let page = poste.home.appendingPathComponent("report.html")
        let outcome = try await poste.run(
            Self.small + ["--duration", "5s", "--churn", "5", "--html", page.path, "--mix", "text:8,100000:2"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try Report(outcome)
        #expect(report.ok && report.lost == 0 && report.corrupt == 0 && report.repeated == 0)
        #expect(report.deposits > 50 && report.delivered == report.deposits)
        #expect(report.offered_per_s > 10 && report.achieved_per_s > 5)
        for (name, figures) in report.latency_ms {
            let (p50, p99, p999) = (figures.p50 ?? 0, figures.p99 ?? 0, figures.p999 ?? 0)
            #expect(figures.count == 0 || 0 < p50 && p50 <= p99 && p99 <= p999, "\(name)")
        }
        #expect(report.latency_ms["deposit"]?.count == report.deposits)
        #expect(report.latency_ms["handshake"]?.count == report.deposits)
        #expect(report.latency_ms["ack"]?.count ?? 0 > 0)
        #expect(report.processes.map(\.name) == ["kms", "front-1", "front-2", "worker-1"])
        #expect(report.processes.allSatisfy { $0.peak_resident_bytes > 1 << 20 })
        #expect(try String(contentsOf: page, encoding: .utf8).hasPrefix("<!doctype html>"))
        // The second run finds the users of the first.
        let again = try await poste.run(Self.small + ["--duration", "1s", "--scenario", "login-storm"])
        #expect(again.status == 0 && !again.errors.contains("enrolling"), "\(again.errors)")
    }

    @Test func aBacklogIsLeftAndDelivered() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let outcome = try await poste.run(Self.small + ["--backlog", "300"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try Report(outcome)
        #expect(report.deposits == 300 && report.delivered == 300)
        #expect(report.processes.allSatisfy { $0.pending_resident_bytes ?? 0 > 1 << 20 })
    }

    /// A cluster that dies with mail in it: the run says so, and fails.
    @Test func aRunThatLosesSomethingFails() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev()
        defer { dev.kill() }
        let load = try poste.start(
            "load", "--endpoints", poste.home.appendingPathComponent("dev/endpoints.json").path, "--users", "16",
            "--rate", "20",
            "--duration", "60s", "--online", "0", "--churn", "0", "--retry-for", "1s", "--settle", "2s", "--json")
        defer { load.kill() }
        // Until some of it waits.
        for _ in 0..<3000 where !load.errors.contains("waiting") && load.isRunning {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(load.errors.contains("online 0"), "\(load.errors)")
        dev.kill()
        // Asked to stop, it makes no more deposits, and looks for those that it made.
        let status = await load.stop()
        let report = try Report(Poste.Outcome(status: status, output: load.output, errors: load.errors))
        #expect(status == 1 && !report.ok && report.lost > 0 && report.lost == report.deposits, "\(load.errors)")
    }

    @Test(arguments: [
        ["--scenario", "stedy"], ["--mix", "film:1"], ["--rate", "-1"], ["--users", "1"], ["--level", "1000"],
        ["--front", "a:1"], ["--rate", "0"], ["--html", "/nowhere/report.html"], ["--json", "/nowhere/report.json"],
    ])
    func whatMakesNoSenseIsAUsageError(words: [String]) async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let outcome = try await poste.run(["load"] + words)
        #expect(outcome.status == 64 && outcome.errors.contains(words[0]), "\(outcome.errors)")
    }

    private struct Line: Decodable {
        let entity: String?
        let basic: String?
    }

    private struct Injected: Decodable {
        let accepted: Int
        let per_s: Double
    }

    @Test func aPatternIsPublishedAtItsRateAndSeenByWhoFollows() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev()
        defer { dev.kill() }
        let follower = try poste.start("presence", "--follow", "--json")
        defer { follower.kill() }
        let prelude = try await until(follower) {
            // It sees what comes after it began to look.
            _ = try await poste.run("presence", "--entity", "sip:first@example.com")
        }
        #expect(prelude)
        let outcome = try await poste.run(
            "presence", "--pattern", "storm", "--users", "30", "--rate", "20", "--duration", "2s", "--json")
        let injected = try JSONDecoder().decode(Injected.self, from: Data(outcome.output.utf8))
        #expect(injected.accepted == 39 && injected.per_s > 10 && injected.per_s < 21, "\(outcome.output)")
        var seen: [Line] = []
        for _ in 0..<1000 {
            seen = try lines(follower).filter { $0.entity?.hasPrefix("sip:load-") ?? false }
            if seen.count >= 39 { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(seen.count == 39)
        // All thirty came, and then some went.
        #expect(Set(seen.filter { $0.basic == "open" }.map(\.entity)).count == 30)
        #expect(seen.count { $0.basic == "closed" } == 9)
        #expect(await follower.stop() == 0)
    }

    private func lines(_ follower: RunningPoste) throws -> [Line] {
        try follower.output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// Does something again and again until the process has printed something.
    private func until(_ process: RunningPoste, _ act: () async throws -> Void) async throws -> Bool {
        for _ in 0..<100 where process.output.isEmpty {
            try await act()
            try await Task.sleep(for: .milliseconds(100))
        }
        return !process.output.isEmpty
    }
}
