import MailboxClient

/// Turns errors into what a person reads and what the shell gets.
enum Failure {
    static func explain(_ error: any Error) -> (ExitStatus, String) {
        switch error {
        case let failure as CommandFailure: (failure.status, failure.description)
        case let usage as UsageError: (.usage, usage.description)
        case let failure as MailboxClientError: (ExitStatus(failure.kind), failure.description)
        case let failure as FileFailure: (.machine, failure.description)
        default: (.failure, "\(error)")
        }
    }
}

extension ExitStatus {
    /// The status of a client's failure.
    init(_ kind: MailboxClientError.Kind) {
        self =
            switch kind {
            case .data: .data
            case .unknownName: .unknownName
            case .unavailable: .unavailable
            case .machine: .machine
            case .later: .later
            case .untrusted: .untrusted
            case .denied: .denied
            case .failure: .failure
            }
    }
}
