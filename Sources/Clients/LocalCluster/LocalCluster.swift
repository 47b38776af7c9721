import Foundation
import Synchronization

/// A whole cluster of real processes on loopback, each of which can be killed, frozen and started again.
///
/// Everything it started ends with `stop()`, and also when this process ends without it, by SIGKILL too. Members
/// come back to the ports that they had. Nothing listens on a fixed port.
public final class LocalCluster: Sendable {
    /// What it is made of.
    public let configuration: LocalClusterConfiguration
    /// The brokers; nil where the embedded store is the log.
    public let brokers: LocalBrokers?
    /// Redis; nil where the embedded store is the view.
    public let redis: LocalRedis?
    /// The key management service.
    public let kms: LocalRole
    private let warden: Warden
    private let members: Mutex<(fronts: [LocalRole], workers: [LocalRole])>

    /// The fronts, front-1 first.
    public var fronts: [LocalRole] { members.withLock { $0.fronts } }
    /// The delivery workers, worker-1 first.
    public var workers: [LocalRole] { members.withLock { $0.workers } }
    /// All roles of `poste`.
    public var roles: [LocalRole] { [kms] + fronts + workers }

    /// Where everything lies.
    public var folder: URL { URL(fileURLWithPath: configuration.folder, isDirectory: true) }
    /// What the roles share: authority, keys, the KMS's state (the `--cluster` of every role).
    public var clusterFolder: URL { folder.appendingPathComponent("cluster", isDirectory: true) }
    /// The file that says where everything is, for clients and `poste enroll`.
    public var endpointsPath: String { clusterFolder.appendingPathComponent("endpoints.json").path }
    /// The file with the KMS's enrolment token.
    public var enrolmentTokenPath: String { clusterFolder.appendingPathComponent("kms/enrolment.token").path }
    /// Certificates in PEM that clients trust.
    public var rootsPath: String { clusterFolder.appendingPathComponent("ca.pem").path }

    /// Where log, view and sessions are, as options of every role that needs them.
    public var storeArguments: [String] {
        (brokers.map { ["--kafka", $0.bootstrapServers] } ?? []) + (redis.map { ["--redis", $0.url] } ?? [])
    }

    /// Starts a cluster, and returns when all of it serves.
    ///
    /// - Parameter progress: told in a line what serves, on any thread.
    /// - Throws: `LocalClusterError` with the end of a log. Nothing that was started is left running.
    public static func start(
        _ configuration: LocalClusterConfiguration, progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> LocalCluster {
        let folder = URL(fileURLWithPath: configuration.folder, isDirectory: true)
        for name in ["pids", "cluster"] {
            do {
                try FileManager.default.createDirectory(
                    at: folder.appendingPathComponent(name), withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            } catch {
                throw LocalClusterError(
                    .machine, "cannot make the folder \(folder.path): \(error.localizedDescription)")
            }
        }
        let warden = try Warden(folder: folder.path, removesFolder: configuration.removesFolder)
        do {
            // All three take seconds, and none needs another.
            async let brokers = LocalBrokers.start(configuration, progress: progress)
            async let redis = LocalRedis.start(configuration, progress: progress)
            async let kms = startKMS(configuration, progress: progress)
            let cluster = LocalCluster(
                configuration, warden, kms: try await kms, brokers: try await brokers, redis: try await redis)
            try await cluster.startWorkers(progress: progress)
            return cluster
        } catch {
            await warden.release()
            throw error
        }
    }

    private init(
        _ configuration: LocalClusterConfiguration, _ warden: Warden, kms: LocalRole, brokers: LocalBrokers?,
        redis: LocalRedis?
    ) {
        self.configuration = configuration
        self.warden = warden
        self.kms = kms
        self.brokers = brokers
        self.redis = redis
        members = Mutex(([], []))
    }

    private static func startKMS(
        _ configuration: LocalClusterConfiguration, progress: @Sendable (String) -> Void
    ) async throws -> LocalRole {
        let kms = try LocalRole(
            "kms", configuration,
            ["kms", "--listen", "127.0.0.1:\(try SparePort.next())", "--level", "\(configuration.level)"])
        try await kms.start()
        progress("the KMS serves at \(kms.address("kms")), process \(kms.pid ?? 0)")
        return kms
    }

    private func startWorkers(progress: @escaping @Sendable (String) -> Void) async throws {
        if let brokers { try await brokers.createTopics(configuration) }
        // One front makes the domain's account at the KMS; then the others find it.
        for number in 1...max(1, configuration.fronts) {
            let front = try await addFront()
            progress("front \(number) serves at \(front.address("front")), process \(front.pid ?? 0)")
        }
        for number in 0..<configuration.workers {
            let worker = try await addWorker()
            progress("delivery worker \(number + 1) is process \(worker.pid ?? 0)")
        }
    }

    /// Starts one more front, and tells clients of it in the endpoints file. Throws `LocalClusterError`.
    @discardableResult
    public func addFront() async throws -> LocalRole {
        let front = try LocalRole(
            "front-\(fronts.count + 1)", configuration,
            [
                "front", "--listen", "127.0.0.1:\(try SparePort.next())", "--push-listen",
                "127.0.0.1:\(try SparePort.next())", "--kms", kms.address("kms"),
            ] + storeArguments + configuration.frontArguments)
        members.withLock { $0.fronts.append(front) }
        try await front.start()
        try writeEndpoints()
        return front
    }

    /// Starts one more delivery worker. Throws `LocalClusterError`.
    @discardableResult
    public func addWorker() async throws -> LocalRole {
        let worker = try LocalRole(
            "worker-\(workers.count + 1)", configuration,
            ["deliver", "--compaction-lag", "\(configuration.compactionLagSeconds)s"] + storeArguments
                + configuration.workerArguments)
        members.withLock { $0.workers.append(worker) }
        try await worker.start()
        return worker
    }

    private func writeEndpoints() throws {
        let endpoints = Endpoints(
            kms: kms.address("kms"), fronts: fronts.map { $0.address("front") }, roots: rootsPath,
            enrolment_token: enrolmentTokenPath)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try encoder.encode(endpoints).write(to: URL(fileURLWithPath: endpointsPath), options: .atomic)
    }

    /// The file that `poste enroll` reads, by its own names.
    private struct Endpoints: Encodable {
        let kms: String
        let fronts: [String]
        let roots, enrolment_token: String
    }

    /// Runs a command of `poste` for operators, as `rebuild`, on the cluster's stores to its end. Gives what it prints.
    /// - Throws: `LocalClusterError` where it fails, or has not ended within `limit`.
    @discardableResult
    public func operate(_ words: String..., within limit: Duration = .seconds(60)) async throws -> String {
        try await Tool(folder: folder).require(
            [configuration.executable] + words + storeArguments + ["--cluster", clusterFolder.path], within: limit,
            "poste \(words.joined(separator: " "))")
    }

    /// Ends everything: roles in good order, those that depend on others first; Redis and brokers at once.
    public func stop() async {
        for group in [workers, fronts, [kms]] {
            await withTaskGroup(of: Void.self) { tasks in
                for role in group { tasks.addTask { await role.terminate() } }
            }
        }
        await warden.release()
    }
}
