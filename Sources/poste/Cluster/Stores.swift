import EmbeddedStore
import Mailbox

/// The three ports of a cluster, behind which its state lies.
struct Stores: Sendable {
    let mailLog: any MailLog
    let view: any MailboxView
    let sessions: any SessionStore

    /// All of them on one SQLite file.
    init(_ store: EmbeddedStore) {
        mailLog = store
        view = store
        sessions = store
    }
}

extension ClusterFolder {
    /// The cluster's embedded store, made where there is none. Throws `StoreError`.
    func store() async throws -> EmbeddedStore {
        let configuration = EmbeddedStore.Configuration(path: storePath, clock: wallClock)
        // It waits for another process that is making it: not on a thread of the cooperative pool.
        return try await onThread { try EmbeddedStore(configuration) }
    }
}
