import Foundation
import Synchronization

/// One process of redis-server: a primary, a replica or a Sentinel.
public final class RedisServer: Sendable {
    /// Its name in the cluster: redis-1, redis-2 …, sentinel-1 …
    public let name: String
    /// Its port on 127.0.0.1; the same in all its lives.
    public let port: Int
    /// Where its configuration is and where it writes.
    public let folder: URL
    /// Where it logs, over all its lives.
    public let logFile: URL
    private let isSentinel: Bool
    private let tool: Tool
    private let startLimit: Duration
    private let process = Mutex<ChildProcess?>(nil)

    init(
        _ name: String, port: Int, _ configuration: LocalClusterConfiguration, isSentinel: Bool = false,
        _ lines: [String], files: [String: String] = [:]
    ) throws {
        self.name = name
        self.port = port
        self.isSentinel = isSentinel
        tool = Tool(folder: URL(fileURLWithPath: configuration.folder, isDirectory: true))
        folder = tool.folder.appendingPathComponent(name, isDirectory: true)
        logFile = tool.folder.appendingPathComponent("\(name).log")
        startLimit = configuration.startLimit
        let common = [
            "port \(port)", "bind 127.0.0.1", "dir \(folder.path)", "daemonize no", "protected-mode no",
            // The command line keeps its folder's name, by which the warden knows it.
            "set-proc-title no",
        ]
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data((common + lines).joined(separator: "\n").appending("\n").utf8).write(to: configurationFile)
            for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        } catch {
            throw LocalClusterError(.machine, "cannot write into \(folder.path): \(error.localizedDescription)")
        }
    }

    /// redis.conf, which REPLICAOF and Sentinels change.
    private var configurationFile: URL { folder.appendingPathComponent("redis.conf") }

    /// The number of its process; nil while it does not run.
    public var pid: pid_t? { process.withLock { $0.flatMap { $0.isRunning ? $0.pid : nil } } }
    /// Whether it runs, frozen or not.
    public var isRunning: Bool { pid != nil }

    /// Starts it with what it has on disk where it does not run, and waits until it answers.
    /// - Throws: `LocalClusterError` with the end of its log.
    public func start() async throws { try await start([]) }

    private func start(_ arguments: [String]) async throws {
        try process.withLock { process in
            if process?.isRunning ?? false { return }
            process = try ChildProcess(
                ["redis-server", configurationFile.path] + (isSentinel ? ["--sentinel"] : []) + arguments,
                outputFile: logFile.path, pidFile: tool.folder.appendingPathComponent("pids/\(name)").path)
        }
        let deadline = ContinuousClock.now + startLimit
        while ContinuousClock.now < deadline {
            if SparePort.answers(port), try await command("PING") == "PONG" { return }
            switch process.withLock({ $0?.end }) {
            case nil: try await Task.sleep(for: .milliseconds(20))
            case .exited(127):
                throw LocalClusterError(
                    .missing, "redis-server is not in PATH: apt-get install redis-server", log: logFile)
            default: throw LocalClusterError(.member, "\(name) ended while it started", log: logFile)
            }
        }
        throw LocalClusterError(.member, "\(name) does not answer after \(startLimit)", log: logFile)
    }

    /// Kills it (SIGKILL), and waits until it is gone. Nothing is saved.
    public func kill() async { await process.withLock { $0 }?.killed() }
    /// Ends it in good order (SIGTERM).
    public func terminate() async { await process.withLock { $0 }?.terminate() }
    /// Freezes it (SIGSTOP).
    public func pause() { process.withLock { $0?.signal(SIGSTOP) } }
    /// Lets it go on (SIGCONT).
    public func resume() { process.withLock { $0?.signal(SIGCONT) } }

    /// What redis-cli prints for a command; an error of Redis is text as any other.
    /// - Throws: `LocalClusterError` where it does not answer within 10 s.
    @discardableResult
    public func command(_ words: String...) async throws -> String {
        try await tool.require(
            ["redis-cli", "-h", "127.0.0.1", "-p", "\(port)"] + words, within: .seconds(10),
            "\(words.first ?? "") to \(name)")
    }

    /// A command that Redis must accept.
    func require(_ words: String...) async throws {
        let answer = try await tool.require(
            ["redis-cli", "-h", "127.0.0.1", "-p", "\(port)"] + words, within: .seconds(10),
            "\(words.first ?? "") to \(name)")
        guard answer == "OK" else {
            throw LocalClusterError(.member, "\(name) refused \(words.joined(separator: " ")): \(answer)")
        }
    }

    /// Empties it (FLUSHALL). Throws `LocalClusterError`.
    public func wipe() async throws { try await require("FLUSHALL") }

    /// A field of INFO, as `master_link_status`. Throws `LocalClusterError`.
    public func info(_ field: String) async throws -> String? {
        let text = try await command("INFO")
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("\(field):") {
            return String(line.dropFirst(field.count + 1))
        }
        return nil
    }

    /// Whether it says that it is a primary. Throws `LocalClusterError`.
    public func isPrimary() async throws -> Bool { try await info("role") == "master" }

    /// Saves what it holds, and gives the octets of the snapshot. Throws `LocalClusterError`.
    public func saveSnapshot() async throws -> Data {
        try await require("SAVE")
        do {
            return try Data(contentsOf: folder.appendingPathComponent("dump.rdb"))
        } catch {
            throw LocalClusterError(.machine, "\(name) left no snapshot: \(error.localizedDescription)")
        }
    }

    /// Puts it back to a snapshot: kills it, and starts it with that alone. Throws `LocalClusterError`.
    public func restore(_ snapshot: Data) async throws {
        await kill()
        do {
            for file in ["appendonlydir", "dump.rdb"] {
                let path = folder.appendingPathComponent(file)
                if FileManager.default.fileExists(atPath: path.path) { try FileManager.default.removeItem(at: path) }
            }
            try snapshot.write(to: folder.appendingPathComponent("dump.rdb"))
        } catch {
            throw LocalClusterError(.machine, "cannot replace the snapshot of \(name): \(error.localizedDescription)")
        }
        // With an append-only file it would not look at the snapshot.
        try await start(["--appendonly", "no"])
        let keepsLog = try String(contentsOf: configurationFile, encoding: .utf8).contains("appendonly yes")
        if keepsLog { try await require("CONFIG", "SET", "appendonly", "yes") }
    }

    /// Makes it a replica of another, now and after its next start.
    func follow(_ other: RedisServer) throws {
        do {
            let text = try String(contentsOf: configurationFile, encoding: .utf8)
            let lines =
                text.split(separator: "\n").filter { !$0.hasPrefix("replicaof ") } + [
                    "replicaof 127.0.0.1 \(other.port)"
                ]
            try Data(lines.joined(separator: "\n").appending("\n").utf8).write(to: configurationFile)
        } catch {
            throw LocalClusterError(.machine, "cannot write \(configurationFile.path): \(error.localizedDescription)")
        }
    }
}
