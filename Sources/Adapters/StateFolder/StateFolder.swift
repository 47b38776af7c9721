import Foundation
import Primitives

/// A folder that one process at a time keeps its state in, and nobody but its owner can read.
///
/// Files are replaced whole: after a crash at any instant each is the old one or the new one.
public final class StateFolder: Sendable {
    /// The path of the folder.
    public let path: String
    private let lock: FileDescriptor

    /// Opens the folder, or makes it, and locks it until the last owner lets go.
    ///
    /// - Parameter marker: the lock file's name, such as `kms.lock`, by which a folder is known to hold a state of this kind.
    ///
    /// An empty folder will do; one that holds other things is refused, since its mode becomes 0700.
    /// Throws `StateFolderError`.
    public init(path: String, marker: String) throws(StateFolderError) {
        self.path = path
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .failed(call: "mkdir", path: path, code: errno) }
        let entries: [String]
        do {
            entries = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw .failed(call: "open", path: path, code: Self.code(of: error))
        }
        guard entries.isEmpty || entries.contains(marker) else { throw .foreign(path: path, marker: marker) }
        if chmod(path, 0o700) != 0 { throw .failed(call: "chmod", path: path, code: errno) }

        let lockPath = path + "/" + marker
        lock = try FileDescriptor(path: lockPath, flags: O_RDWR | O_CREAT)
        guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw .failed(call: "flock", path: lockPath, code: errno) }
            let text = (try? lock.readAll(limit: 32)).map { String(decoding: $0, as: UTF8.self) }
            throw .locked(path: path, processID: text.flatMap { Int32($0.filter(\.isNumber)) })
        }
        try lock.truncate(to: 0)
        try lock.write(Array("\(getpid())\n".utf8))
        try synchronize()
    }

    /// The path of a file in the folder.
    public func path(of name: String) -> String { path + "/" + name }

    /// The names of the folder's files whose beginning this is. Throws `StateFolderError`.
    public func names(startingWith prefix: String) throws(StateFolderError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0.hasPrefix(prefix) && !$0.hasSuffix(Self.unfinished) }.sorted()
        } catch {
            throw .failed(call: "open", path: path, code: Self.code(of: error))
        }
    }

    /// The octets of a file; nil where there is none. Throws `StateFolderError`, also for a file above the limit.
    public func read(_ name: String, limit: Int = 1 << 20) throws(StateFolderError) -> [UInt8]? {
        let file: FileDescriptor
        do {
            file = try FileDescriptor(path: path(of: name), flags: O_RDONLY)
        } catch .failed(_, _, ENOENT) {
            return nil
        }
        return try file.readAll(limit: limit)
    }

    /// Puts a file in its place, of mode 0600, whole or not at all, on the disk when this returns.
    ///
    /// Throws `StateFolderError`.
    public func write(_ name: String, _ octets: [UInt8]) throws(StateFolderError) {
        let draft = path(of: name) + Self.unfinished
        do {
            let file = try FileDescriptor(path: draft, flags: O_WRONLY | O_CREAT | O_TRUNC)
            try file.write(octets)
            try file.synchronize()
        } catch {
            unlink(draft)
            throw error
        }
        try rename(name + Self.unfinished, to: name)
    }

    /// Gives a file another name. Throws `StateFolderError`.
    public func rename(_ name: String, to newName: String) throws(StateFolderError) {
        if Foundation.rename(path(of: name), path(of: newName)) != 0 {
            throw .failed(call: "rename", path: path(of: name), code: errno)
        }
        try synchronize()
    }

    private static let unfinished = ".unfinished"

    /// A new name in a folder is on the disk only when the folder is.
    func synchronize() throws(StateFolderError) {
        try FileDescriptor(path: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
    }

    private static func code(of error: any Error) -> Int32 {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        return Int32(clamping: underlying?.code ?? Int(EIO))
    }
}
