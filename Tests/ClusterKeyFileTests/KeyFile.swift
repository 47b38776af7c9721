import ClusterKeyFile
import Foundation
import Mailbox
import Primitives
import Synchronization

/// A key file in a folder of its own, and its readers.
final class KeyFile: Sendable {
    let folder: URL
    let told = Told()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try ClusterKeyFile.change(path) { $0 = try ClusterKeys() }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var path: String { path("cluster.key") }
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func reader(
        _ name: String = "cluster.key", keeper: ClusterKeyFile.Keeper = .fronts, now: @escaping @Sendable () -> UTCTime
    ) throws -> ClusterKeyFile {
        try ClusterKeyFile(path: path(name), keeper: keeper, now: now) { [told] in told.note("\($0)") }
    }

    /// Makes a key that seals at once.
    @discardableResult
    func rotate(_ now: UTCTime) throws -> UInt32 {
        try ClusterKeyFile.change(path) { keys in
            guard var all = keys else { throw ClusterKeyFileError.missing(path: "the file") }
            let entry = try all.rotate(sealsFrom: now)
            keys = all
            return entry.id
        }
    }

    func copy(to name: String) throws {
        try Data(contentsOf: URL(fileURLWithPath: path)).write(to: URL(fileURLWithPath: path(name)), options: .atomic)
    }

    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) }

    /// How often something was told.
    func count(_ text: String) -> Int { told.count(text) }
}

/// What readers told.
final class Told: Sendable {
    private let texts = Mutex<[String]>([])

    func note(_ text: String) { texts.withLock { $0.append(text) } }
    func count(_ text: String) -> Int { texts.withLock { $0.filter { $0.contains(text) }.count } }
}

/// The id of the key that seals.
func sealing(_ keys: some SessionKeys) throws -> UInt32 {
    let sealed = try keys.seal.seal(SecretBytes([7]), for: SessionKey(kind: .session, name: [1]))
    return sealed.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
}
