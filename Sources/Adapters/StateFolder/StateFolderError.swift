import Foundation

/// A fault of a state folder or of a file in it.
public enum StateFolderError: Error, Equatable, CustomStringConvertible {
    /// Another process uses the folder; its id where it is known.
    case locked(path: String, processID: Int32?)
    /// The folder holds other things than a state of this kind.
    case foreign(path: String, marker: String)
    /// An operating system's call failed.
    case failed(call: String, path: String, code: Int32)
    /// A file is larger than it can be.
    case oversized(path: String, limit: Int)

    /// The fault, and what to do.
    public var description: String {
        switch self {
        case .locked(let path, let processID):
            "\(path) is used by another process" + (processID.map { " (\($0))" } ?? "")
                + ": stop it, or give this one a folder of its own"
        case .foreign(let path, let marker):
            "\(path) is not empty and no state folder (it lacks the file \(marker)): give an empty or a new folder"
        case .failed(_, let path, let code) where code == ENOSPC || code == EDQUOT:
            "\(path): the disk is full: free some space"
        case .failed(let call, let path, let code) where code == EACCES || code == EPERM || code == EROFS:
            "\(path): \(call): \(String(cString: strerror(code))): check the owner and the mode"
        case .failed(let call, let path, let code): "\(path): \(call): \(String(cString: strerror(code)))"
        case .oversized(let path, let limit):
            "\(path) is larger than \(limit) octets: it is another file, or damaged: restore it from a backup"
        }
    }
}
