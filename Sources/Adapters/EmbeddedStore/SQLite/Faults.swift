import Glibc
import Mailbox
import SQLite

extension StoreError {
    /// A fault of SQLite's, with what to do about it.
    init(_ fault: SQLiteError) {
        let (path, reason) = (fault.path, fault.message)
        switch fault.kind {
        case .full:
            self.init(
                .full,
                "no room for the store \(path) (\(reason)); nothing was changed: make room on its disk and try again")
        case .busy:
            self.init(
                .locked,
                "the store \(path) is held by \(LockHolder.describe(path)) (\(reason)); nothing was changed: "
                    + "try again, or stop it"
            )
        case .corrupt:
            self.init(
                .corrupt, "\(path) is damaged or not a store (\(reason)); put a copy of it back, or take another path")
        case .tooLarge:
            self.init(.tooLarge, "a record is larger than the store \(path) takes (\(reason))")
        case .inaccessible:
            self.init(
                .unavailable,
                "the store \(path) cannot be opened or written (\(reason)); "
                    + "check that its folder exists and is ours to write"
            )
        case .duplicate, .other:
            self.init(.unavailable, "the store \(path) failed (\(reason)); try again, and check its disk if it goes on")
        }
    }
}

/// Who holds a lock on a store, for error messages: Linux lists every lock with the process and the file's inode.
///
/// Asking by fcntl would need a descriptor of our own on the file, and closing that would drop SQLite's own locks.
enum LockHolder {
    static func describe(_ path: String) -> String {
        let inodes = [path, path + "-shm"].compactMap(inode)
        let own = getpid()
        let holders = Set(lines(of: "/proc/locks").compactMap { line in holder(line, inodes) }).subtracting([own])
        guard !holders.isEmpty else { return "another process" }
        let names = holders.sorted().map { pid in
            let name = lines(of: "/proc/\(pid)/comm").first.map { " (\($0))" } ?? ""
            return "process \(pid)\(name)"
        }
        return names.joined(separator: ", ")
    }

    private static func inode(_ path: String) -> UInt64? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    /// `1: POSIX  ADVISORY  WRITE 4711 08:01:1234567 124 124`: the process of a write lock on one of the files.
    private static func holder(_ line: String, _ inodes: [UInt64]) -> Int32? {
        let words = line.split(separator: " ")
        guard words.count >= 8, words[3] == "WRITE", let pid = Int32(words[4]),
            let inode = words[5].split(separator: ":").last.flatMap({ UInt64($0) }), inodes.contains(inode)
        else { return nil }
        return pid
    }

    private static func lines(of path: String) -> [String] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var lines: [String] = []
        var buffer = [CChar](repeating: 0, count: 256)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            let octets = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
            lines.append(String(decoding: octets, as: UTF8.self))
        }
        return lines
    }
}
