import Mailbox
import Primitives

/// Prepares a file for use: its schema where it is new, its version where it is not, and its limit.
struct Opening {
    private let database: Database
    private let configuration: EmbeddedStore.Configuration

    init(_ database: Database, _ configuration: EmbeddedStore.Configuration) {
        self.database = database
        self.configuration = configuration
    }

    func run() throws(StoreError) -> (logIdentity: String, partitionCount: Int) {
        try database.transaction(.writing) { () throws(StoreError) in
            let tables = try number(SQL.tableCount)
            let version = try number(SQL.readVersion)
            if tables == 0, version == 0 { try create() } else { try checkVersion() }
        }
        if let limit = configuration.sizeLimit { try database.limitSize(octets: limit) }
        guard let logIdentity = try meta("log"), let count = try meta("partitions").flatMap({ Int($0) }), count > 0
        else {
            throw StoreError(
                .corrupt, "\(database.path) lacks its identity; put a copy of it back, or take another path")
        }
        return (logIdentity, count)
    }

    private func create() throws(StoreError) {
        guard let identity = try? SystemRandom().octets(16) else {
            throw StoreError(.unavailable, "the operating system gives no random octets")
        }
        try database.execute(SQL.schema)
        try database.run(SQL.setMeta, [.text("log"), .text(hexadecimal(identity))])
        try database.run(SQL.setMeta, [.text("partitions"), .text(String(configuration.partitionCount))])
    }

    private func checkVersion() throws(StoreError) {
        guard try number(SQL.readApplicationID) == SQL.applicationID else {
            throw StoreError(.corrupt, "\(database.path) is a database of another program; take another path")
        }
        let version = try number(SQL.readVersion)
        guard version <= SQL.version else {
            throw StoreError(
                .newerVersion,
                "\(database.path) was written by a later version (schema \(version)); update this program")
        }
        guard version == SQL.version else {
            throw StoreError(
                .corrupt, "\(database.path) has schema \(version), which no version wrote; put a copy of it back")
        }
    }

    private func meta(_ name: String) throws(StoreError) -> String? {
        try database.first(SQL.meta, [.text(name)]) { row throws(StoreError) in row.text(0) }
    }

    private func number(_ sql: String) throws(StoreError) -> Int64 {
        try database.first(sql) { row throws(StoreError) in row.integer(0) } ?? 0
    }
}
