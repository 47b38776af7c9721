import AdminServer
import ClusterKeyFile
import KeyManagement
import LocalCluster
import Mailbox
import MailboxClient
import Primitives
import RPC
import SQLite
import StateFolder

/// Turns errors into what a person reads and what the shell gets.
enum Failure {
    static func explain(_ error: any Error) -> (ExitStatus, String) {
        switch error {
        case let failure as CommandFailure: (failure.status, failure.description)
        case let usage as UsageError: (.usage, usage.description)
        case let failure as MailboxClientError: (ExitStatus(failure.kind), failure.description)
        case let failure as FileFailure: (.machine, failure.description)
        case let failure as StateFolderError: (.machine, failure.description)
        case let failure as ClusterKeyFileError: (failure.isDamaged ? .data : .machine, failure.description)
        case let fault as ClusterKeys.Fault: (.data, fault.description)
        case let failure as SQLiteError: (.machine, failure.description)
        case let failure as StoreError: (.machine, failure.description)
        case let failure as RPCServerError: (.machine, failure.description)
        case let failure as AdminServerError: (.machine, failure.description)
        case let failure as RPCCertificateError: (.data, "\(failure)")
        case let failure as KeyManagementError: (.data, "\(failure)")
        case let failure as SealedSecretError: (.denied, failure.description)
        case let failure as LocalClusterError:
            (failure.kind == .missing ? .unavailable : .machine, failure.description)
        case let status as RPCStatus: (ExitStatus(status.code), status.message)
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

extension ExitStatus {
    /// The status of a call that failed.
    init(_ code: RPCCode) {
        self =
            switch code {
            case .unavailable, .deadlineExceeded: .unavailable
            case .permissionDenied, .unauthenticated: .denied
            case .notFound: .unknownName
            case .resourceExhausted: .later
            case .invalidArgument, .outOfRange, .alreadyExists, .failedPrecondition: .data
            default: .failure
            }
    }
}
