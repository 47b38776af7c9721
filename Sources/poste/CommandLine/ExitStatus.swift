import Foundation

/// What `poste` says to the shell. The numbers are those of sysexits.h where it has one.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    /// Anything that has no number of its own.
    case failure = 1
    /// The command line is wrong.
    case usage = 64
    /// Input that is not what it should be: a message, a file, a key.
    case data = 65
    /// No such user, mailbox or key.
    case unknownName = 67
    /// A service does not answer.
    case unavailable = 69
    /// Something in this machine: disk full, store locked.
    case machine = 74
    /// Try again later: too busy, over quota.
    case later = 75
    /// The other side broke the protocol or could not prove itself.
    case untrusted = 76
    /// Not allowed.
    case denied = 77

    var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "failed"
        case .usage: "the command line is wrong"
        case .data: "input is not what it should be"
        case .unknownName: "no such user, mailbox or key"
        case .unavailable: "a service does not answer"
        case .machine: "this machine: disk full, store locked, no permission for a file"
        case .later: "busy or over quota: try again later"
        case .untrusted: "the other side broke the protocol or could not prove itself"
        case .denied: "not allowed"
        }
    }
}

/// A failure that is shown to a person: what is wrong, and what to do.
struct CommandFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}

/// A command line that is wrong.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ message: String, command: String? = nil, nearest: String? = nil) {
        let hint = nearest.map { "; did you mean \($0)?" } ?? ""
        let help = command.map { "poste \($0) --help" } ?? "poste --help"
        description = "\(message)\(hint)\n'\(help)' shows what there is."
    }
}
