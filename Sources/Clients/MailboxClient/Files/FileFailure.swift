import Foundation

/// What the operating system refused to do with a file.
public struct FileFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried, as a verb: `write`, `open`, `lock`.
    public let action: String
    /// The file or folder.
    public let path: String
    /// errno.
    public let code: Int32

    /// A failure of the system call that just returned, whose errno this is.
    public init(_ action: String, _ path: String, code: Int32 = errno) {
        self.action = action
        self.path = path
        self.code = code
    }

    /// The fault, and what to do.
    public var description: String {
        "cannot \(action) \(path): \(String(cString: strerror(code)))\(advice)"
    }

    private var advice: String {
        switch code {
        case ENOSPC, EDQUOT: "; free some space, then try again: nothing is lost"
        case EACCES, EPERM: "; give this user the right to it"
        case ENOENT: "; check the path"
        case EROFS: "; choose a folder that can be written"
        case EWOULDBLOCK: "; another process is at work there: wait for it, or end it"
        default: ""
        }
    }
}
