import EmbeddedStore
import Foundation
import IdentityBasedEncryption
import Mailbox
import MailboxClient
import Primitives
import RPC

/// The demo's cluster: a KMS, two fronts and a delivery worker as processes of their own, in a folder that goes with it.
struct DemoCluster: Sendable {
    let folder: URL
    let cluster: ClusterFolder
    let fronts: [String]
    private let processes: [ChildProcess]
    private let level: String

    /// Starts the processes one after the other; each is ready before the next begins.
    static func start(in folder: URL, level: String, _ story: Story) async throws -> DemoCluster {
        let path = folder.appendingPathComponent("cluster").path
        let cluster = try ClusterFolder(path: path)
        let common = ["--cluster", path, "--log-level", "debug"]
            + (level == "1024" ? ["--insecure-test-level"] : [])
        var processes: [ChildProcess] = []
        do {
            func begin(_ name: String, _ arguments: [String]) async throws -> ReadyNotice {
                let process = try ChildProcess(name: name, arguments: arguments + common, folder: folder)
                processes.append(process)
                return try await process.ready()
            }
            let kms = try await begin("kms", ["kms", "--listen", "127.0.0.1:0", "--level", level])
            let kmsAddress = kms.addresses["kms"] ?? ""
            try story.tell("the KMS serves at \(kmsAddress), process \(kms.pid): new parameters of level \(level)")
            var fronts: [String] = []
            for number in 1...2 {
                let front = try await begin(
                    "front-\(number)", ["front", "--listen", "127.0.0.1:0", "--kms", kmsAddress])
                fronts.append(front.addresses["front"] ?? "")
                try story.tell("front \(number) serves at \(fronts[number - 1]), process \(front.pid)")
            }
            let worker = try await begin("deliver", ["deliver", "--compaction-lag", "1s"])
            try story.tell("the delivery worker is process \(worker.pid)")
            let addresses = fronts.compactMap { RPCAddress($0) }
            guard let kmsAt = RPCAddress(kmsAddress), addresses.count == 2 else {
                throw CommandFailure(.failure, "a service did not say where it serves")
            }
            try cluster.writeEndpoints(kms: kmsAt, fronts: addresses)
            return DemoCluster(folder: folder, cluster: cluster, fronts: fronts, processes: processes, level: level)
        } catch {
            for process in processes { await process.stop() }
            throw error
        }
    }

    /// Ends the processes, those that depend on others first.
    func stop() async {
        for process in processes.reversed() { await process.stop() }
    }

    /// Enrols somebody, as `poste enroll` does.
    func enroll(_ identity: Identity) async throws -> Profile {
        guard let token = cluster.read("kms/enrolment.token") else {
            throw CommandFailure(.machine, "the KMS wrote no enrolment token")
        }
        let text = String(decoding: token, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        var enrolment = MailboxClient.Enrolment(
            identities: [identity], endpoints: .file(cluster.endpointsPath), token: text)
        enrolment.acceptsTestLevel = level == "1024"
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
