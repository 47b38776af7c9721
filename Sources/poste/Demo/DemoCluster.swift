import EmbeddedStore
import Foundation
import IdentityBasedEncryption
import LocalCluster
import Mailbox
import MailboxClient
import Primitives

/// The demo's cluster, every member a process of its own, in a folder that goes with it.
struct DemoCluster: Sendable {
    let folder: URL
    let cluster: ClusterFolder
    let fronts: [String]
    private let processes: LocalCluster

    /// Starts the processes, and tells the story of each when it serves.
    static func start(_ configuration: LocalClusterConfiguration, _ story: Story) async throws -> DemoCluster {
        let processes = try await LocalCluster.start(configuration) { try? story.tell($0) }
        do {
            return DemoCluster(
                folder: processes.folder, cluster: try ClusterFolder(path: processes.clusterFolder.path),
                fronts: processes.fronts.map { $0.addresses["front"] ?? "" }, processes: processes)
        } catch {
            await processes.stop()
            throw error
        }
    }

    /// Ends the processes.
    func stop() async { await processes.stop() }

    /// Enrols somebody, as `poste enroll` does.
    func enroll(_ identity: Identity) async throws -> Profile {
        guard let token = cluster.read("kms/enrolment.token") else {
            throw CommandFailure(.machine, "the KMS wrote no enrolment token")
        }
        let text = String(decoding: token, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        var enrolment = MailboxClient.Enrolment(
            identities: [identity], endpoints: .file(cluster.endpointsPath), token: text)
        enrolment.acceptsTestLevel = processes.configuration.level == 1024
        let home = Profile.folder(named: identity.description, home: folder.appendingPathComponent("home").path)
        return try await MailboxClient.enroll(enrolment, at: home, passphrase: nil)
    }

    /// A number for a front's address.
    func name(of front: String) -> String {
        fronts.firstIndex(of: front).map { "front-\($0 + 1)" } ?? front
    }

    /// What waits for somebody, as who has the disks sees it.
    func waiting(for mailbox: Identity) async throws -> [Envelope] {
        let store = try await cluster.store()
        let key = DepositKey(id: try DepositID(octets: [UInt8](repeating: 0, count: 16)), mailbox: mailbox)
        let found = try await store.pending(
            in: mailbox, partition: store.partition(of: key), after: nil, limit: PageLimit(count: 16))
        await store.close()
        return found.map(\.envelope)
    }

    /// Waits, for at most `limit`, until no file of the cluster holds any of the octet strings.
    func erased(_ needles: [[UInt8]], within limit: Duration) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            if try PlaintextSearch.files(below: cluster.url, containing: needles).isEmpty { return true }
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
