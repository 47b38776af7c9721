import Foundation

/// Commands that end by themselves, run one after the other, with their output in a file.
struct Tool: Sendable {
    /// Where their output and the number of each while it runs go.
    let folder: URL

    /// What a command printed and how it ended.
    struct Outcome: Sendable {
        let end: ChildProcess.End?
        let output: String
        let log: URL

        var isSuccess: Bool { end == .exited(0) }
    }

    /// Runs a command to its end, and kills it after `limit` or when the task is cancelled; the outcome has no end then.
    func run(_ command: [String], environment: [String: String] = [:], within limit: Duration)
        async throws(LocalClusterError) -> Outcome
    {
        let name = "tool-\(UUID().uuidString)"
        let log = folder.appendingPathComponent(name + ".log")
        let pidFile = folder.appendingPathComponent("pids/\(name)").path
        let process = try ChildProcess(command, environment: environment, outputFile: log.path, pidFile: pidFile)
        let deadline = ContinuousClock.now + limit
        var end: ChildProcess.End?
        repeat {
            end = await process.ended(within: .milliseconds(50))
        } while end == nil && ContinuousClock.now < deadline
            && !Task.isCancelled
        if end == nil { await process.killed() }
        unlink(pidFile)
        let output = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        if end == .exited(0) { unlink(log.path) }
        return Outcome(end: end, output: output.trimmingCharacters(in: .whitespacesAndNewlines), log: log)
    }

    /// Runs a command that must succeed, and gives what it prints.
    @discardableResult
    func require(
        _ command: [String], environment: [String: String] = [:], within limit: Duration, _ purpose: String
    ) async throws(LocalClusterError) -> String {
        let outcome = try await run(command, environment: environment, within: limit)
        switch outcome.end {
        case .exited(0): return outcome.output
        case nil where Task.isCancelled: throw LocalClusterError(.member, "\(purpose) was given up")
        case nil: throw LocalClusterError(.member, "\(purpose) took longer than \(limit)", log: outcome.log)
        case .exited(69), .exited(127):
            throw LocalClusterError(.missing, "\(purpose) is not possible here", log: outcome.log)
        case .exited(let status):
            throw LocalClusterError(.member, "\(purpose) failed with status \(status)", log: outcome.log)
        case .killed(let signal):
            throw LocalClusterError(.member, "\(purpose) was ended by signal \(signal)", log: outcome.log)
        }
    }
}
