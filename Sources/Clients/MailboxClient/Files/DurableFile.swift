import Foundation

/// Files that are there whole or not at all, whenever the process or the machine dies.
enum DurableFile {
    /// Replaces the file at `path`: a temporary file beside it is written, made durable and renamed.
    static func write(_ octets: [UInt8], to path: String) throws(FileFailure) {
        let temporary = "\(path).\(UUID().uuidString).tmp"
        do {
            let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL)
            try file.write(octets)
            try file.synchronize()
            try move(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// All of a file; nil where there is none.
    static func read(_ path: String, limit: Int = 64 << 20) throws(FileFailure) -> [UInt8]? {
        let file: OpenFile
        do { file = try OpenFile(path, O_RDONLY) } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
        let length = try file.length
        guard length <= UInt64(limit) else { throw FileFailure("read", path, code: EFBIG) }
        return try file.read(at: 0, count: Int(length))
    }

    /// Renames a file that is durable already, and makes the new name durable.
    static func move(_ source: String, to path: String) throws(FileFailure) {
        guard rename(source, path) == 0 else { throw FileFailure("write", path) }
        try synchronizeFolder(of: path)
    }

    /// Makes the names in the folder of `path` durable.
    static func synchronizeFolder(of path: String) throws(FileFailure) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try OpenFile(folder, O_RDONLY | O_DIRECTORY).synchronize()
    }

    /// Makes a folder, and those above it, for its owner alone. One that is there stays as it is.
    static func makeFolder(_ path: String) throws(FileFailure) {
        if mkdir(path, 0o700) == 0 { return }
        switch errno {
        case EEXIST:
            guard isFolder(path) else { throw FileFailure("make the folder", path, code: ENOTDIR) }
        case ENOENT:
            let above = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard above != path else { throw FileFailure("make the folder", path) }
            try makeFolder(above)
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileFailure("make the folder", path) }
        default: throw FileFailure("make the folder", path)
        }
    }

    /// The names in a folder, sorted; none where there is no folder.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
