import Foundation

/// A disk for a broker that can be made full at any time: a tmpfs of its own where this process may mount, or a limit on the size of
/// the broker's files (RLIMIT_FSIZE) elsewhere. Either way the broker's writes fail.
struct SmallDisk: Sendable {
    enum Kind: Sendable {
        /// Mounted; it is full when its size is set to what is used.
        case mounted
        /// What `prlimit` says.
        case limit
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    let kind: Kind
    private static let sizeOctets: UInt64 = 8 << 30

    /// Mounts it at a path, before anything is there; falls back to a limit where that is not allowed.
    init(at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        kind = mount("chaos", path, "tmpfs", 0, "size=\(Self.sizeOctets)") == 0 ? .mounted : .limit
    }

    /// What it is, for people.
    var description: String {
        switch kind {
        case .mounted: "a tmpfs"
        case .limit: "a limit on the size of files, since this user may not mount"
        }
    }

    /// Leaves no room.
    func fill(brokerPID: Int32) throws {
        switch kind {
        case .mounted:
            var information = statvfs()
            guard statvfs(path, &information) == 0 else { throw Failure(description: "no statvfs of \(path)") }
            let used = UInt64(information.f_blocks - information.f_bfree) * UInt64(information.f_frsize)
            try resize(used + 16_384)
        case .limit: try Self.limit(brokerPID, 1)
        }
    }

    /// Makes room again. A limit ends with the broker that it was set on.
    func empty() throws {
        if kind == .mounted { try resize(Self.sizeOctets) }
    }

    /// Gives it up, with all that is on it.
    func remove() {
        if kind == .mounted { umount2(path, Int32(MNT_DETACH)) }
    }

    private func resize(_ octets: UInt64) throws {
        guard mount("chaos", path, "tmpfs", UInt(MS_REMOUNT), "size=\(octets)") == 0 else {
            throw Failure(description: "cannot change the size of \(path): \(String(cString: strerror(errno)))")
        }
    }

    private static func limit(_ pid: Int32, _ octets: Int) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/prlimit")
        process.arguments = ["--pid", String(pid), "--fsize=\(octets)"]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: "cannot limit process \(pid)") }
    }
}
