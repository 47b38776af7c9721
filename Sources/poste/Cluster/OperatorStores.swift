import EmbeddedStore
import Foundation
import KafkaLog
import Mailbox

/// Stores for commands by which an operator looks at a cluster or tells it something. They make no store where there is none,
/// and the cluster may run meanwhile.
extension Arguments {
    /// The log, and what closes it.
    func openLog(component: String) async throws -> (log: any MailLog, close: @Sendable () async -> Void) {
        if value("kafka") != nil {
            let kafka = try await KafkaLog.open(try kafkaConfiguration(clientID: "poste-\(component)"))
            return (kafka, { await kafka.close() })
        }
        let store = try await existingFolder().store()
        return (store, { await store.close() })
    }

    /// Log and view.
    func openStores(component: String) async throws -> Stores {
        let log = try log(component)
        let location = try storeLocation(component: component, log: log)
        if case .folder = location { return Stores(try await existingFolder().store()) }
        return try await Stores.open(location, in: try ClusterFolder(path: clusterPath), log: log)
    }

    private var clusterPath: String { value("cluster") ?? homePath + "/dev" }

    private func existingFolder() throws -> ClusterFolder {
        let path = clusterPath + "/store.sqlite"
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(
                .unavailable,
                "there is no store at \(path): say where the cluster is with --cluster FOLDER or --kafka HOST:PORT")
        }
        return try ClusterFolder(path: clusterPath)
    }

    /// `--partition`, each once; all where none is given.
    func partitions(of log: any MailLog) throws -> [Int] {
        let texts = values("partition")
        guard !texts.isEmpty else { return Array(0..<log.partitionCount) }
        var partitions: Set<Int> = []
        for text in texts {
            guard let partition = Int(text), (0..<log.partitionCount).contains(partition) else {
                throw usage("--partition takes 0 to \(log.partitionCount - 1), not \(text)")
            }
            partitions.insert(partition)
        }
        return partitions.sorted()
    }
}

extension Option {
    static let partition = Option(
        "partition", .values("N"), "a partition; may be repeated", default: "all of them")
    /// Where an operator's command finds the log.
    static let operatorLog: [Option] = [.kafka, .kafkaOption, .cluster, .home]
}
