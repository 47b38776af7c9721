import EmbeddedStore
import Foundation
import Mailbox
import Primitives

/// A folder for one test, removed with it, and stores in it.
final class TemporaryStore: Sendable {
    let folder: URL

    init(in parent: URL = FileManager.default.temporaryDirectory) throws {
        folder = parent.appendingPathComponent("poste-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var path: String { folder.appendingPathComponent("store.db").path }

    @Sendable static func clock() -> UTCTime {
        UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    func open(
        busyTimeoutMs: Int32 = 5000, sizeLimit: Int? = nil, clock: @escaping @Sendable () -> UTCTime = clock
    ) throws -> EmbeddedStore {
        try EmbeddedStore(
            .init(path: path, partitionCount: 2, busyTimeoutMs: busyTimeoutMs, sizeLimit: sizeLimit, clock: clock))
    }

    /// Whether the octets are anywhere in the store's files.
    func contains(_ octets: [UInt8]) throws -> Bool {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).contains {
            try Data(contentsOf: $0).range(of: Data(octets)) != nil
        }
    }
}
