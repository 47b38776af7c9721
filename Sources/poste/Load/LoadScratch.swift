import Foundation

/// Where a load run's own users keep what they receive: in memory where the machine has a file system for that, so that the
/// generator's disk does not slow the load. Removed with the run, and by the next run where it was killed.
struct LoadScratch: Sendable {
    private static let memory = "/dev/shm"
    private static let prefix = "poste-load-users-"

    let path: String

    init() throws {
        let files = FileManager.default
        let parent = Self.hasRoom(Self.memory) ? Self.memory : files.temporaryDirectory.path
        for name in (try? files.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(Self.prefix) {
            guard let pid = pid_t(name.dropFirst(Self.prefix.count)), kill(pid, 0) != 0, errno == ESRCH else {
                continue
            }
            try? files.removeItem(atPath: "\(parent)/\(name)")
        }
        path = "\(parent)/\(Self.prefix)\(getpid())"
        try files.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    /// What users of a thousand pictures and recordings need at once; a container may have less.
    private static func hasRoom(_ path: String) -> Bool {
        guard FileManager.default.isWritableFile(atPath: path),
            let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path),
            let free = attributes[.systemFreeSize] as? NSNumber
        else { return false }
        return free.uint64Value >= 256 << 20
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
