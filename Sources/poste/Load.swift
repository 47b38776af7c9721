import Foundation
import LoadGenerator
import LocalCluster
import MailboxClient
import Synchronization

extension Command {
    /// `poste load`
    static let load = Command(
        name: "load", summary: "drive a cluster hard, and check that every deposit arrives as it was sent",
        synopsis: "", words: 0...0,
        discussion: """
            Makes deposits at a fixed rate, however fast they are answered, while recipients come and go; times every stage from
            the instant at which it was planned; lets all recipients take what waits; and checks each deposit octet for octet.
            A run in which anything is lost, repeated, changed, out of order or under a wrong name ends with status 1.

            Without --endpoints or --front it starts a cluster of its own on loopback: three brokers, Redis, two fronts, two
            delivery workers; or, where there is no Kafka or Redis, or with --brokers 0, the embedded store. The users and their
            private keys are kept in HOME/load for the next run; users of a cluster that runs already are enrolled there once.

            Scenarios:
            \(LoadPlan.Scenario.allCases.map { "  " + $0.rawValue.padded(16) + $0.summary }.joined(separator: "\n"))
            """,
        examples: [
            ("poste load", "a minute of 10 deposits a second on a cluster of its own"),
            ("poste load --rate 50 --duration 10m --ramp 30s --html report.html", "ten minutes, and a page with plots"),
            ("poste load --scenario login-storm --users 1000 --json report.json", "a thousand come at once"),
            (
                "poste load --endpoints ~/.poste/dev/endpoints.json --domain example.com --rate 20",
                "drive what 'poste dev' serves"
            ),
            (
                "poste load --backlog 100000 --level 1024 --insecure-test-level",
                "let 100,000 deposits wait, deliver them, and tell the memory of each process"
            ),
        ],
        options: LoadOptions.plan + LoadOptions.cluster + LoadOptions.report,
        run: { try await LoadCommand($0).run() })
}

/// Something that is so from some instant on.
private final class Flag: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
}

/// A run from the command line to its report.
private struct LoadCommand {
    private let arguments: Arguments
    private let options: LoadOptions

    init(_ arguments: Arguments) throws {
        self.arguments = arguments
        options = try LoadOptions(arguments)
    }

    func run() async throws {
        let scratch = try LoadScratch()
        defer { scratch.remove() }
        let hasBegun = Flag()
        let work = Task { try await prepareAndDrive(scratch, hasBegun) }
        // Asked to stop before the load has begun, it ends; later it makes no more deposits, and still sees to it that all
        // arrive, and reports.
        let stopping = Task {
            await StopSignal.wait()
            guard !Task.isCancelled else { return }
            if !hasBegun.isSet { warn("stopping what was started") }
            work.cancel()
        }
        defer { stopping.cancel() }
        try tell(try await work.value)
    }

    private func prepareAndDrive(_ scratch: LoadScratch, _ hasBegun: Flag) async throws -> LoadReport {
        let target: LoadTarget
        do {
            target = try await LoadTarget.open(options, scratch)
        } catch {
            throw Task.isCancelled ? Self.stopped : error
        }
        do {
            let report = try await drive(target, hasBegun)
            await close(target)
            return report
        } catch {
            await close(target)
            throw Task.isCancelled ? Self.stopped : error
        }
    }

    /// In a task of its own, which is not cancelled.
    private func close(_ target: LoadTarget) async { await Task { await target.close() }.value }

    private static let stopped = CommandFailure(.failure, "stopped before the load began: nothing was deposited")

    /// Runs the plan.
    private func drive(_ target: LoadTarget, _ hasBegun: Flag) async throws -> LoadReport {
        let lead = Duration.seconds(2) + .milliseconds(20) * options.plan.firstOnline.count
        let startedAt = wallClock()
        warn("taking the keys of \(options.plan.users) users to hand")
        let run = try await target.newRun(lead: lead)
        try Task.checkCancellation()
        hasBegun.set()
        let display = LoadDisplay(options.plan, backlog: options.backlog)
        let memory = ProcessMemory(target.cluster?.roles ?? [])
        let watching = Task { await display.show { run.snapshot } }
        let outcome: LoadRun.Outcome
        var backlog: LoadReport.Backlog?
        if let count = options.backlog {
            let (filled, filling, draining) = await run.performBacklog(count) { await memory.notePending() }
            outcome = filled
            backlog = LoadReport.Backlog(deposits: Int(filled.balance.deposits), filling: filling, draining: draining)
        } else {
            outcome = await run.perform()
        }
        watching.cancel()
        await watching.value
        let setting = LoadReport.Setting(
            startedAt: "\(startedAt)", cluster: target.description, level: target.level,
            cores: ProcessInfo.processInfo.activeProcessorCount, version: Poste.version)
        return LoadReport(outcome, of: options.plan, setting: setting, processes: memory.figures, backlog: backlog)
    }

    /// Writes the files, and says what it came to.
    private func tell(_ report: LoadReport) throws {
        if let path = options.htmlPath { try write(report.html, to: path) }
        if let path = options.jsonPath {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try write(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n", to: path)
        }
        if options.printsJSON {
            var line = report
            line.tellsSeconds = false
            try printJSON(line)
        } else {
            say(report.summary)
        }
        guard report.isSound else {
            throw CommandFailure(.failure, "the run is not sound: \(report.verdict)")
        }
    }

    private func write(_ text: String, to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw CommandFailure(.machine, "cannot write \(path): \(error.localizedDescription)")
        }
    }
}
