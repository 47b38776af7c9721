import Foundation
import LoadGenerator
import LocalCluster
import MailboxClient
import Primitives

/// What a run drives: a cluster that runs already, or one of its own; and the users it does so with.
struct LoadTarget: Sendable {
    /// The cluster that was started; nil where it ran already.
    let cluster: LocalCluster?
    private let profiles: [Profile]
    private let options: LoadOptions
    private let folder: URL?

    /// What it is, in words.
    var description: String {
        guard let cluster else { return "A cluster that ran already" }
        guard let brokers = cluster.brokers else {
            return "The embedded store, \(cluster.fronts.count) fronts and \(cluster.workers.count) delivery worker"
        }
        return "\(brokers.count) Kafka brokers, Redis, \(cluster.fronts.count) fronts and \(cluster.workers.count) "
            + "delivery workers on one machine"
    }

    /// Its security level, where that is known.
    var level: Int? { cluster?.configuration.level }

    /// Opens what the options say.
    static func open(_ options: LoadOptions, _ scratch: LoadScratch) async throws -> LoadTarget {
        if let running = options.running {
            return try await LoadTarget(running.endpoints, tokenPath: running.tokenPath, options, scratch)
        }
        let fixture = try await ownFixture(options)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-load-\(UUID().uuidString)")
        do {
            let cluster = try await start(options, fixture, folder)
            do {
                let profiles = try fixture.copyProfiles(
                    users: options.plan.users, to: scratch.path, endpoints: .file(cluster.endpointsPath))
                return LoadTarget(cluster, profiles, options, folder)
            } catch {
                await cluster.stop()
                throw error
            }
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    private init(_ cluster: LocalCluster, _ profiles: [Profile], _ options: LoadOptions, _ folder: URL) {
        self.cluster = cluster
        self.profiles = profiles
        self.options = options
        self.folder = folder
    }

    /// A cluster that runs already: its users are kept by its roots of trust and domain.
    private init(
        _ source: EndpointSource, tokenPath: String?, _ options: LoadOptions, _ scratch: LoadScratch
    ) async throws {
        let endpoints = try source.current()
        let name = hexadecimal(HashFunction.sha256.hash(Array((endpoints.roots + options.domain).utf8))[..<8])
        let fixture = try await Fixture.open("\(options.cache)/cluster-\(name)", domain: options.domain)
        let today = MailboxClient.systemTime().day
        if !fixture.isReady(users: options.plan.users, today: today) {
            let token = try tokenPath.map { try textFile($0) } ?? ""
            let enrolment = Fixture.Enrolment(
                endpoints: source, token: token.trimmingCharacters(in: .whitespacesAndNewlines),
                acceptsTestLevel: options.isTestLevel)
            try await Self.prepare(fixture, enrolment, options, today)
        }
        profiles = try fixture.copyProfiles(users: options.plan.users, to: scratch.path, endpoints: source)
        cluster = nil
        folder = nil
        self.options = options
    }

    /// A run on it, whose clock starts after `lead`.
    func newRun(lead: Duration) async throws -> LoadRun {
        try await LoadRun.prepare(
            options.plan, profiles, retryFor: options.retryFor, settleLimit: options.settleLimit, lead: lead)
    }

    /// Ends what was started.
    func close() async {
        await cluster?.stop()
        guard let folder else { return }
        if options.keeps {
            warn("kept: \(folder.path)")
        } else {
            try? FileManager.default.removeItem(at: folder)
        }
    }
}

// A cluster of its own: its KMS, with all its users, is made once and copied for each run.
extension LoadTarget {
    private static func prepare(
        _ fixture: Fixture, _ enrolment: Fixture.Enrolment, _ options: LoadOptions, _ today: UTCDay
    ) async throws {
        warn(
            "enrolling \(options.plan.users) users and fetching their keys; the next run finds them in \(fixture.folder)"
        )
        let progress = ProgressCount("users", of: options.plan.users)
        try await fixture.prepare(users: options.plan.users, enrolment, today: today) { progress.update($0) }
        progress.finish()
    }

    /// The users of clusters of its own at this level, with keys of today.
    private static func ownFixture(_ options: LoadOptions) async throws -> Fixture {
        let fixture = try await Fixture.open(
            "\(options.cache)/own-\(options.level)-\(options.domain)", domain: options.domain)
        let today = MailboxClient.systemTime().day
        guard !fixture.isReady(users: options.plan.users, today: today) else { return fixture }
        let kms = try await LoadKMS.start(in: fixture.folder, options)
        do {
            let enrolment = Fixture.Enrolment(
                endpoints: .fixed(kms.endpoints), token: kms.token, acceptsTestLevel: options.isTestLevel)
            try await prepare(fixture, enrolment, options, today)
        } catch {
            await kms.stop()
            throw error
        }
        await kms.stop()
        return fixture
    }

    private static func start(_ options: LoadOptions, _ fixture: Fixture, _ folder: URL) async throws -> LocalCluster {
        var configuration = LocalClusterConfiguration(executable: LoadKMS.executable, folder: folder.path)
        configuration.removesFolder = !options.keeps
        configuration.domain = options.domain
        configuration.level = options.level
        configuration.fronts = options.fronts
        configuration.workers = options.workers
        configuration.arguments = ["--log-level", "warning"]
        if options.brokers > 0 {
            configuration.brokers = .started(options.brokers, settings: LocalClusterConfiguration.foundDeadSoon)
            do {
                return try await start(configuration, fixture)
            } catch let error as LocalClusterError where error.kind == .missing {
                warn("\(error.description)\ngoing on with the embedded store")
            }
        }
        (configuration.brokers, configuration.redis, configuration.workers) = (.none, .none, 1)
        return try await start(configuration, fixture)
    }

    private static func start(
        _ configuration: LocalClusterConfiguration, _ fixture: Fixture
    ) async throws -> LocalCluster {
        try FileManager.default.createDirectory(
            atPath: configuration.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // With its modes and times, as cp does it.
        let copy = try ChildProcess(
            ["cp", "-a", "--", fixture.folder + "/cluster", configuration.folder + "/cluster"], outputFile: "/dev/null")
        guard await copy.ended(within: .seconds(60)) == .exited(0) else {
            throw CommandFailure(
                .machine, "cannot copy \(fixture.folder)/cluster; remove it, and the next run makes it anew")
        }
        return try await LocalCluster.start(configuration) { warn($0) }
    }
}
