import Foundation
import IdentityBasedEncryption
import KafkaLog
import LocalCluster
import Mailbox
import MailboxClient
import Observability
import Primitives
import RedisStore

extension LocalClusterConfiguration {
    /// What the demo runs on: a KMS, two fronts and a delivery worker on one SQLite file; or, as a cluster, two workers on
    /// three brokers and a Redis.
    mutating func prepare(forCluster isCluster: Bool) {
        guard isCluster else {
            (brokers, redis, workers, compactionLagSeconds) = (.none, .none, 1, 1)
            return
        }
        // Brokers look for what is over each 15 s, keep it for a minute more, and give each segment 20 MB of index.
        let brisk = [
            "log.cleaner.backoff.ms=300", "log.segment.delete.delay.ms=500", "log.index.size.max.bytes=65536",
        ]
        (brokers, redis, workers) = (.started(3, settings: Self.foundDeadSoon + brisk), .single, 2)
        compactionLagSeconds = 2
    }
}

/// The demo's cluster, every member a process of its own, in a folder that goes with it.
struct DemoCluster: Sendable {
    let processes: LocalCluster
    let cluster: ClusterFolder
    private let fronts: [String]

    /// Starts the processes, and tells the story of each when it serves.
    static func start(_ configuration: LocalClusterConfiguration, _ story: Story) async throws -> DemoCluster {
        let processes = try await LocalCluster.start(configuration) { try? story.tell($0) }
        do {
            return DemoCluster(
                processes: processes, cluster: try ClusterFolder(path: processes.clusterFolder.path),
                fronts: processes.fronts.map { $0.addresses["front"] ?? "" })
        } catch {
            await processes.stop()
            throw error
        }
    }

    /// Ends the processes.
    func stop() async { await processes.stop() }

    /// Whether the log is in Kafka.
    var isDistributed: Bool { processes.brokers != nil }

    /// Enrols somebody, as `poste enroll` does.
    func enroll(_ identity: Identity) async throws -> Profile {
        guard let token = cluster.read("kms/enrolment.token") else {
            throw CommandFailure(.machine, "the KMS wrote no enrolment token")
        }
        let text = String(decoding: token, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        var enrolment = MailboxClient.Enrolment(
            identities: [identity], endpoints: .file(cluster.endpointsPath), token: text)
        enrolment.acceptsTestLevel = processes.configuration.level == 1024
        let home = Profile.folder(named: identity.description, home: homes.path)
        return try await MailboxClient.enroll(enrolment, at: home, passphrase: nil)
    }

    /// Alice's and Bob's own.
    private var homes: URL { processes.folder.appendingPathComponent("home") }

    /// A number for a front's address.
    func name(of front: String) -> String {
        fronts.firstIndex(of: front).map { "front-\($0 + 1)" } ?? front
    }

    /// The front with that name.
    func front(named name: String) -> LocalRole? { processes.fronts.first { $0.name == name } }

    /// The delivery worker that has somebody's mailbox; none where there is but one worker.
    func worker(of mailbox: Identity) async throws -> LocalRole? {
        guard processes.workers.count > 1 else { return nil }
        let partition = try await withStores { $0.mailLog.partition(of: try Self.anyDeposit(for: mailbox)) }
        return try await processes.owners()[partition]
    }

    /// What waits for somebody, as who has the disks sees it.
    func waiting(for mailbox: Identity) async throws -> [Envelope] {
        try await withStores { stores in
            let partition = stores.mailLog.partition(of: try Self.anyDeposit(for: mailbox))
            let found = try await stores.view.pending(
                in: mailbox, partition: partition, after: nil, limit: PageLimit(count: 16))
            return found.deposits.map(\.envelope)
        }
    }

    private static func anyDeposit(for mailbox: Identity) throws -> DepositKey {
        DepositKey(id: try DepositID(octets: [UInt8](repeating: 0, count: 16)), mailbox: mailbox)
    }

    /// Opens log and view for as long as the work takes.
    private func withStores<Value: Sendable>(_ work: (Stores) async throws -> Value) async throws -> Value {
        let stores = try await Stores.open(try location(), in: cluster, log: Log(component: "demo", level: .error))
        do {
            let value = try await work(stores)
            await stores.close()
            return value
        } catch {
            await stores.close()
            throw error
        }
    }

    private func location() throws -> StoreLocation {
        guard let brokers = processes.brokers, let redis = processes.redis else { return .folder }
        return .servers(
            KafkaConfiguration(bootstrapServers: brokers.bootstrapServers, clientID: "poste-demo"),
            try RedisStore.Configuration(url: redis.url))
    }

    /// The files of the cluster that hold any of the octet strings: those of all its members, and no client's.
    func files(containing needles: [[UInt8]]) throws -> [URL] {
        try PlaintextSearch.files(below: processes.folder, except: homes, containing: needles)
    }

    /// Waits, for at most `limit`, until no file of the cluster holds any of the octet strings.
    func erased(_ needles: [[UInt8]], within limit: Duration) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            if try files(containing: needles).isEmpty { return true }
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(300))
        }
    }
}
