import Foundation
import Synchronization

/// A role of `poste` as a process of its own: KMS, front or delivery worker.
public final class LocalRole: Sendable {
    private struct State {
        var process: ChildProcess?
        var environment: [String: String] = [:]
        var extraArguments: [String] = []
        var addresses: [String: String] = [:]
        var isPaused = false
    }

    /// Its name in the cluster: kms, front-1, worker-1 …
    public let name: String
    /// Where it logs, over all its lives.
    public let logFile: URL
    private let command: [String]
    private let baseEnvironment: [String: String]
    private let readyFile: String
    private let pidFile: String
    private let startLimit: Duration
    private let state = Mutex(State())

    init(_ name: String, _ configuration: LocalClusterConfiguration, _ arguments: [String]) throws {
        let folder = URL(fileURLWithPath: configuration.folder, isDirectory: true)
        self.name = name
        logFile = folder.appendingPathComponent("\(name).log")
        readyFile = folder.appendingPathComponent("\(name).ready").path
        pidFile = folder.appendingPathComponent("pids/\(name)").path
        startLimit = configuration.startLimit
        var command = [configuration.executable]
        command += arguments
        command += configuration.arguments
        command += ["--admin", "127.0.0.1:\(try SparePort.next())", "--ready-file", readyFile]
        command += ["--cluster", folder.appendingPathComponent("cluster").path]
        if arguments.first != "deliver" { command += ["--domain", configuration.domain] }
        if configuration.level == 1024 { command += ["--insecure-test-level"] }
        self.command = command
        // What this process was told of its own stores is not meant for the cluster.
        baseEnvironment = ["POSTE_KAFKA": "", "POSTE_REDIS": ""].merging(configuration.environment) { $1 }
            .merging([ParentProcess.variable: "\(getpid())"]) { $1 }
    }

    /// The number of its process; nil while it does not run.
    public var pid: pid_t? { state.withLock { $0.process.flatMap { $0.isRunning ? $0.pid : nil } } }
    /// Whether it runs, frozen or not.
    public var isRunning: Bool { pid != nil }
    /// Whether it is frozen.
    public var isPaused: Bool { state.withLock { $0.isPaused } }
    /// How its last process ended; nil while it runs.
    public var end: ChildProcess.End? { state.withLock { $0.process?.end } }
    /// `host:port` of each listener by its name, as it said when it last began to serve: kms; front and push;
    /// and admin for each.
    public var addresses: [String: String] { state.withLock { $0.addresses } }

    /// Variables for its process from its next start on, over those of the cluster.
    public var environment: [String: String] {
        get { state.withLock { $0.environment } }
        set { state.withLock { $0.environment = newValue } }
    }

    /// By how many seconds its clock is wrong from its next start on, ahead or, below 0, behind: what it takes for now, but
    /// not its time-outs. (libfaketime cannot do this: librdkafka's waits then last as long as the clock is ahead.)
    public var clockOffsetSeconds: Int {
        get { environment["POSTE_CLOCK_OFFSET"].flatMap { Int($0) } ?? 0 }
        set { state.withLock { $0.environment["POSTE_CLOCK_OFFSET"] = newValue == 0 ? nil : "\(newValue)" } }
    }

    /// Further arguments from its next start on.
    public var extraArguments: [String] {
        get { state.withLock { $0.extraArguments } }
        set { state.withLock { $0.extraArguments = newValue } }
    }

    /// The address of one listener, or nothing.
    func address(_ listener: String) -> String { addresses[listener] ?? "" }

    /// Starts it where it does not run, and waits until it serves.
    /// - Throws: `LocalClusterError` with the end of its log when it ends before, or takes over the start limit.
    public func start() async throws {
        try launch()
        try await ready()
    }

    /// Starts it where it does not run, and does not wait. Throws `LocalClusterError`.
    public func launch() throws {
        try state.withLock { state in
            if state.process?.isRunning ?? false { return }
            unlink(readyFile)
            state.isPaused = false
            state.process = try ChildProcess(
                command + state.extraArguments, environment: baseEnvironment.merging(state.environment) { $1 },
                outputFile: logFile.path, pidFile: pidFile)
        }
    }

    /// Waits until it serves.
    /// - Throws: `LocalClusterError` with the end of its log when it ends before, or takes over the start limit.
    public func ready() async throws {
        let deadline = ContinuousClock.now + startLimit
        while ContinuousClock.now < deadline {
            if let notice = ReadyNotice.read(readyFile) {
                return state.withLock { $0.addresses = notice.addresses }
            }
            guard isRunning else { throw LocalClusterError(.member, "\(name) ended while it started", log: logFile) }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw LocalClusterError(.member, "\(name) does not serve after \(startLimit)", log: logFile)
    }

    /// Ends it in good order (SIGTERM); kills it when it has not ended within `limit`.
    public func terminate(within limit: Duration = .seconds(15)) async {
        await state.withLock { $0.process }?.terminate(within: limit)
        state.withLock { $0.isPaused = false }
    }

    /// Kills it (SIGKILL), and waits until it is gone. No handler of its own runs.
    public func kill() async {
        await state.withLock { $0.process }?.killed()
        state.withLock { $0.isPaused = false }
    }

    /// Kills it (SIGKILL), and does not wait.
    public func killAtOnce() { state.withLock { $0.process?.signal(SIGKILL) } }

    /// Freezes it (SIGSTOP).
    public func pause() {
        state.withLock {
            $0.process?.signal(SIGSTOP)
            $0.isPaused = true
        }
    }

    /// Lets it go on (SIGCONT).
    public func resume() {
        state.withLock {
            $0.process?.signal(SIGCONT)
            $0.isPaused = false
        }
    }

    /// Ends it in good order, starts it again on the same ports, and waits until it serves. Throws `LocalClusterError`.
    public func restart() async throws {
        await terminate()
        try await start()
    }
}
