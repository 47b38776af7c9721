import Foundation

/// The brokers of a local cluster: real ones, driven through `deploy/kafka`, or some that run already.
public final class LocalBrokers: Sendable {
    /// Where clients begin: `host:port,host:port`.
    public let bootstrapServers: String
    /// How many there are to kill, numbered from 1; none of those that run already.
    public let count: Int
    /// Where they write; nil for those that run already. Broker n writes to `n/data`, and logs to `n/broker.log`.
    public let folder: URL?
    private let script: String
    private let tool: Tool
    private let environment: [String: String]
    private let warden: Warden?

    /// Starts brokers alone, without a cluster around them. They end with `end()`, and with this process.
    ///
    /// - Parameters:
    ///   - settings: further settings of every broker, as `name=value`.
    ///   - folder: where they write; made where it is not there, and removed at their end.
    /// - Throws: `LocalClusterError`; `.missing` where there is no Kafka or no Java, with what to do about it.
    public static func start(_ count: Int, settings: [String] = [], in folder: String) async throws -> LocalBrokers {
        let pids = URL(fileURLWithPath: folder).appendingPathComponent("pids")
        do {
            try FileManager.default.createDirectory(at: pids, withIntermediateDirectories: true)
        } catch {
            throw LocalClusterError(.machine, "cannot make the folder \(folder): \(error.localizedDescription)")
        }
        let warden = try Warden(folder: folder, removesFolder: true)
        do {
            var configuration = LocalClusterConfiguration(executable: "", folder: folder)
            configuration.brokers = .started(count, settings: settings)
            return try await start(count, settings, configuration, warden)
        } catch {
            await warden.release()
            throw error
        }
    }

    static func start(
        _ configuration: LocalClusterConfiguration, progress: @Sendable (String) -> Void
    ) async throws -> LocalBrokers? {
        switch configuration.brokers {
        case .none: return nil
        case .named(let servers):
            let tool = Tool(folder: URL(fileURLWithPath: configuration.folder, isDirectory: true))
            return LocalBrokers(servers, count: 0, folder: nil, script: "", tool, environment: [:], nil)
        case .started(let count, let settings):
            let brokers = try await start(count, settings, configuration, nil)
            progress("\(count) broker\(count == 1 ? " serves" : "s serve") at \(brokers.bootstrapServers)")
            return brokers
        }
    }

    private static func start(
        _ count: Int, _ settings: [String], _ configuration: LocalClusterConfiguration, _ warden: Warden?
    ) async throws -> LocalBrokers {
        let tool = Tool(folder: URL(fileURLWithPath: configuration.folder, isDirectory: true))
        let environment = configuration.brokerEnvironment
        guard let script = configuration.kafkaScript ?? script(near: configuration.executable) else {
            throw LocalClusterError(
                .missing, "deploy/kafka is not above \(configuration.executable) or the working folder: say where it is"
            )
        }
        let folder = tool.folder.appendingPathComponent("kafka", isDirectory: true)
        let command =
            [script, "up", folder.path, "--brokers", "\(count)", "--fast"] + settings.flatMap { ["--set", $0] }
        // A download may be part of it.
        try await tool.require(command, environment: environment, within: .seconds(600), "starting \(count) brokers")
        let servers = try await tool.require(
            [script, "bootstrap", folder.path], within: .seconds(30), "asking for the brokers' addresses")
        return LocalBrokers(
            servers, count: count, folder: folder, script: script, tool, environment: environment, warden)
    }

    private init(
        _ servers: String, count: Int, folder: URL?, script: String, _ tool: Tool, environment: [String: String],
        _ warden: Warden?
    ) {
        bootstrapServers = servers
        self.count = count
        self.folder = folder
        self.script = script
        self.tool = tool
        self.environment = environment
        self.warden = warden
    }

    /// Ends brokers that were started alone, and removes what they wrote. Those of a cluster end with it.
    public func end() async { await warden?.release() }

    func createTopics(_ configuration: LocalClusterConfiguration) async throws {
        let lag = "\(configuration.compactionLagSeconds)s"
        let command =
            [
                configuration.executable, "topics", "--create", "--kafka", bootstrapServers, "--partitions",
                "\(configuration.partitions)", "--replicas", "\(configuration.replicas)", "--min-in-sync",
                "\(max(1, configuration.replicas - 1))", "--compaction-lag", lag,
            ] + configuration.topicArguments
        try await tool.require(command, within: .seconds(60), "making the topics")
    }

    /// Kills a broker (SIGKILL). Throws `LocalClusterError`.
    public func kill(_ number: Int) async throws { try await tell("kill", number) }
    /// Starts a broker that was killed or stopped, with the data that it has, and waits until it serves.
    /// Throws `LocalClusterError`.
    public func start(_ number: Int) async throws { try await tell("start", number) }
    /// Ends a broker in good order (SIGTERM), and waits for it. Throws `LocalClusterError`.
    public func stop(_ number: Int) async throws { try await tell("stop", number) }
    /// Freezes a broker (SIGSTOP). Throws `LocalClusterError`.
    public func pause(_ number: Int) async throws { try await tell("pause", number) }
    /// Lets a broker go on (SIGCONT). Throws `LocalClusterError`.
    public func resume(_ number: Int) async throws { try await tell("resume", number) }

    /// The broker's log.
    public func logFile(_ number: Int) -> URL? { folder?.appendingPathComponent("\(number)/broker.log") }

    /// One of Kafka's own tools, with the brokers' addresses: `tool("topics", "--describe")`. Gives what it prints.
    /// Throws `LocalClusterError`.
    public func tool(_ name: String, _ arguments: String...) async throws -> String {
        guard folder != nil else { throw Self.notOurs }
        return try await tool.require(
            [script, "tool", name, "--bootstrap-server", bootstrapServers] + arguments, within: .seconds(60),
            "Kafka's tool \(name)")
    }

    private func tell(_ verb: String, _ number: Int) async throws {
        guard let folder else { throw Self.notOurs }
        do {
            try await tool.require(
                [script, verb, folder.path, "\(number)"], environment: environment, within: .seconds(120),
                "\(verb) of broker \(number)")
        } catch {
            guard let log = logFile(number) else { throw error }
            throw LocalClusterError(error.kind, error.description, log: log)
        }
    }

    private static let notOurs = LocalClusterError(
        .misuse, "the brokers run already and belong to others: they cannot be killed, frozen or started from here")

    /// The path of `deploy/kafka`: above an executable, as that of a package's build folder, or above the working folder, or
    /// above this source; nil where it is nowhere.
    public static func script(near executable: String) -> String? {
        for start in [executable, FileManager.default.currentDirectoryPath + "/.", #filePath] {
            var folder = URL(fileURLWithPath: start).resolvingSymlinksInPath()
            while folder.path != "/" {
                folder.deleteLastPathComponent()
                let script = folder.appendingPathComponent("deploy/kafka").path
                if FileManager.default.isExecutableFile(atPath: script) { return script }
            }
        }
        return nil
    }
}
