import Foundation
import Testing

/// What scenarios are about is in the report, with its whole course.
@Suite struct LoadScenarioTests {
    private struct Report: Decodable {
        struct Figures: Decodable {
            let count: Int
            let p50, p99: Double?
        }

        struct Second: Decodable {
            let offered, delivered: Int
            let waiting, online: Int?
        }

        let ok: Bool
        let offered_per_s, settling_s: Double
        let deposits, delivered, lost, corrupt, failed: Int
        let stopped_after_s: Double?
        let latency_ms: [String: Figures]
        let seconds: [Second]

        /// The most that waited in some seconds.
        func mostWaiting(_ range: Range<Int>) -> Int {
            seconds.dropFirst(range.lowerBound).prefix(range.count).compactMap(\.waiting).max() ?? 0
        }
    }

    private static let small = [
        "load", "--brokers", "0", "--level", "1024", "--users", "20", "--rate", "20", "--mix", "text",
    ]

    private func run(_ words: String...) async throws -> Report {
        let poste = try Poste()
        defer { poste.removeHome() }
        let file = poste.home.appendingPathComponent("report.json")
        let outcome = try await poste.run(Self.small + words + ["--json", file.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try report(file)
    }

    private func report(_ file: URL) throws -> Report {
        let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: file))
        #expect(report.ok && report.lost == 0 && report.corrupt == 0 && report.failed == 0)
        #expect(report.deposits > 50 && report.delivered == report.deposits)
        return report
    }

    @Test func aCrowdsMailboxGetsItsMailAndIsToldApart() async throws {
        let report = try await run("--scenario", "flash-crowd", "--duration", "9s")
        let (crowd, others) = (report.latency_ms["delivery_in_focus"], report.latency_ms["delivery"])
        // 54 of 180 deposits are the crowd's; half of the others are for who is online.
        #expect(crowd?.count ?? 0 > 35 && others?.count ?? 0 > 20)
        #expect(crowd?.p99 ?? .infinity < 5000)
    }

    @Test func slowRecipientsFallBehindAndNobodyElse() async throws {
        let report = try await run("--scenario", "slow-recipients", "--duration", "9s")
        let slow = report.latency_ms["delivery_in_focus"]?.p50 ?? 0
        let others = report.latency_ms["delivery"]?.p50 ?? .infinity
        #expect(others < 500 && slow > 2 * others, "\(others) \(slow)")
        // What the slow have not taken by the end they take then, at once.
        #expect(report.mostWaiting(6..<9) >= 10 && report.mostWaiting(6..<9) > report.mostWaiting(0..<2))
        #expect(report.settling_s < 10 && report.seconds.prefix(9).allSatisfy { $0.online ?? 20 == 20 })
    }

    @Test func whoHasGoneFindsHisMailWhenHeComesBack() async throws {
        let report = try await run("--scenario", "mass-offline", "--duration", "9s")
        #expect(report.mostWaiting(3..<7) >= 25 && report.mostWaiting(0..<3) < 20)
        #expect(report.seconds[5].online == 0 && report.seconds[5].delivered == 0 && report.seconds[8].online == 20)
        let drained = report.latency_ms["presence_to_drained"]
        #expect(drained?.count == 20 && drained?.p50 ?? .infinity < 5000)
    }

    /// SIGTERM in the middle: all that was deposited arrives, the report is on what was done, and nothing is left running.
    @Test func aRunThatIsStoppedReportsAndLeavesNothing() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let file = poste.home.appendingPathComponent("report.json")
        let load = try poste.start(
            "load", "--brokers", "0", "--level", "1024", "--users", "16", "--rate", "20", "--mix", "text", "--duration",
            "10m", "--json", file.path)
        defer { load.kill() }
        for _ in 0..<6000 where !load.errors.contains(" of 600 s") && load.isRunning {
            try await Task.sleep(for: .milliseconds(10))
        }
        let pid = load.identifier
        #expect(await load.stop() == 0, "\(load.errors)")
        let report = try report(file)
        let stopped = report.stopped_after_s ?? 0
        #expect(stopped > 2 && stopped < 60 && report.offered_per_s > 10 && report.offered_per_s < 30)
        #expect(
            load.output.contains("stopped after") && !load.output.contains("\u{1b}") && !load.errors.contains("\u{1b}"))
        #expect(!FileManager.default.fileExists(atPath: "/dev/shm/poste-load-users-\(pid)"))
        #expect(children(of: pid).isEmpty)
    }

    /// Roles say in their environment whose they are.
    private func children(of pid: Int32) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { name in
            let octets = FileManager.default.contents(atPath: "/proc/\(name)/environ") ?? Data()
            return Int(name) != nil
                && octets.split(separator: 0).contains { $0.elementsEqual("POSTE_PARENT=\(pid)".utf8) }
        }
    }
}
