import Foundation
import Synchronization

/// A role of the cluster as a process of its own, started from this same executable.
final class ChildProcess: Sendable {
    let name: String
    private let readyFile: URL
    private let logFile: URL
    // Process is not Sendable: whatever touches it holds this lock.
    private let process: Mutex<Process>

    /// Starts `poste` with these arguments. It logs into `folder` and says there where it listens.
    init(name: String, arguments: [String], environment: [String: String] = [:], folder: URL) throws {
        self.name = name
        readyFile = folder.appendingPathComponent("\(name).ready")
        logFile = folder.appendingPathComponent("\(name).log")
        _ = FileManager.default.createFile(atPath: logFile.path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments + ["--ready-file", readyFile.path]
        let parent = [Self.parentVariable: "\(getpid())"]
        process.environment = ProcessInfo.processInfo.environment.merging(environment.merging(parent) { $1 }) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: logFile)
        try process.run()
        self.process = Mutex(process)
    }

    /// Waits until it serves. Throws `CommandFailure` with the end of its log when it ends before, or takes over `limit`.
    func ready(within limit: Duration = .seconds(60)) async throws -> ReadyNotice {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let data = try? Data(contentsOf: readyFile) {
                return try JSONDecoder().decode(ReadyNotice.self, from: data)
            }
            guard isRunning else { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        let log = (try? String(contentsOf: logFile, encoding: .utf8)) ?? ""
        let end = log.split(separator: "\n").suffix(5).joined(separator: "\n")
        throw CommandFailure(.failure, "\(name) did not start. The end of its log:\n\(end)")
    }

    /// Asks it to stop, and kills it when it has not within 10 s.
    func stop() async {
        process.withLock { if $0.isRunning { $0.terminate() } }
        for _ in 0..<500 {
            guard isRunning else { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
        process.withLock { if $0.isRunning { kill($0.processIdentifier, SIGKILL) } }
    }

    /// The process that started this one as its child, and that it must not outlive; none where a person started it.
    static var parent: pid_t? { ProcessInfo.processInfo.environment[parentVariable].flatMap { pid_t($0) } }

    /// Returns when that process has ended, killed or not, or the task is cancelled.
    static func waitForEnd(ofParent parent: pid_t) async {
        // An orphan gets another parent.
        while getppid() == parent, (try? await Task.sleep(for: .milliseconds(500))) != nil {}
    }

    private static let parentVariable = "POSTE_PARENT"

    private var isRunning: Bool { process.withLock { $0.isRunning } }
}

/// What a service writes into its `--ready-file` once it serves.
struct ReadyNotice: Codable, Sendable {
    var role: String
    var pid: Int32
    /// `host:port` of each listener, by its name.
    var addresses: [String: String]

    /// Writes the notice, whole or not at all.
    func write(to path: String) throws {
        try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
