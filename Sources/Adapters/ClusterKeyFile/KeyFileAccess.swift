import Foundation
import Mailbox
import StateFolder

/// What is wrong with a cluster's key file.
public enum ClusterKeyFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is none.
    case missing(path: String)
    /// It is not one.
    case damaged(path: String, ClusterKeys.Damaged)
    /// The operating system refuses.
    case failed(StateFolderError)

    /// Whether the file is there and holds something else.
    public var isDamaged: Bool { if case .damaged = self { true } else { false } }

    /// The fault, and what to do.
    public var description: String {
        switch self {
        case .missing(let path):
            "there is no cluster key file \(path): bring that of the other fronts, or make one with 'poste cluster-key rotate'"
        case .damaged(let path, let fault):
            "\(path): \(fault): restore it from a backup or from another front; without one remove it, and exchanges "
                + "under way begin again"
        case .failed(let error): error.description
        }
    }
}

/// Reads, writes and locks a key file.
enum KeyFileAccess {
    private static let limit = 1 << 16

    static func keys(at path: String) throws(ClusterKeyFileError) -> (keys: ClusterKeys, text: [UInt8]) {
        let text: [UInt8]
        do throws(StateFolderError) {
            text = try FileDescriptor(path: path, flags: O_RDONLY).readAll(limit: limit)
        } catch .failed(_, _, ENOENT) {
            throw .missing(path: path)
        } catch {
            throw .failed(error)
        }
        do throws(ClusterKeys.Damaged) {
            return (try ClusterKeys(text: text), text)
        } catch {
            throw .damaged(path: path, error)
        }
    }

    /// Keeps others from changing the file, until the last owner lets go.
    static func lock(_ path: String) throws(ClusterKeyFileError) -> FileDescriptor {
        do throws(StateFolderError) {
            let file = try FileDescriptor(path: path + ".lock", flags: O_RDWR | O_CREAT)
            guard flock(file.number, LOCK_EX) == 0 else {
                throw StateFolderError.failed(call: "flock", path: path + ".lock", code: errno)
            }
            return file
        } catch {
            throw .failed(error)
        }
    }

    static func write(_ text: [UInt8], to path: String) throws(ClusterKeyFileError) {
        let draft = path + ".unfinished"
        do throws(StateFolderError) {
            let file = try FileDescriptor(path: draft, flags: O_WRONLY | O_CREAT | O_TRUNC)
            try file.write(text)
            try file.synchronize()
            guard rename(draft, path) == 0 else {
                throw StateFolderError.failed(call: "rename", path: path, code: errno)
            }
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try FileDescriptor(path: folder, flags: O_RDONLY | O_DIRECTORY).synchronize()
        } catch {
            unlink(draft)
            throw .failed(error)
        }
    }
}
