import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import RPC
import WorkPool

/// What a front says no to, beyond what protocol and domain find.
enum FrontFault: Error {
    case noSession
    case wrongTag
    case otherESK
    case noMailbox(Identity)
    case exchangeUsed
    case rate(retryAfterMs: Int)
    case keyMissing(id: UInt32)

    /// The status that a caller sees for an error. What is not the caller's fault is logged, and told in general words only.
    static func status(for error: any Error, log: Log) -> RPCStatus {
        switch error {
        case let status as RPCStatus: return status
        case FrontFault.keyMissing(let id):
            log.error("cluster key missing", ["id": LogValue(id), "remedy": "bring the key file of the other fronts"])
            return RPCStatus(.unavailable, "this front lacks the cluster's latest key: try again, at another one")
        case let fault as FrontFault: return fault.status
        case let fault as Admission.Fault: return fault.status
        case is ProtobufError, is FormatError, is InvalidIdentity, is DepositFault, is ContentError:
            return RPCStatus(.invalidArgument, "\(error)")
        case let fault as DeliverySession.Fault: return RPCStatus(.permissionDenied, "\(fault)")
        case let full as WorkPoolFull:
            return RPCStatus(
                .resourceExhausted, "\(full)", retryAfterMs: max(1, Int(full.expectedWait / .milliseconds(1))))
        case is WorkPoolStopped: return RPCStatus(.unavailable, "\(error)")
        case is CancellationError: return RPCStatus(.cancelled, "the call was cancelled")
        case let store as StoreError where store.kind == .full:
            log.error("store full", ["detail": .text(store.detail)])
            return RPCStatus(.resourceExhausted, "the mailbox's store is full: try again later", retryAfterMs: 10_000)
        case let store as StoreError:
            log.error("store failed", ["detail": .text(store.detail)])
            return RPCStatus(.unavailable, "the mailbox's store does not answer: try again")
        default:
            log.error("call failed", ["reason": .text("\(error)")])
            return RPCStatus(.internal, "the front failed: try again, or ask its operator")
        }
    }

    private var status: RPCStatus {
        switch self {
        case .noSession:
            RPCStatus(.notFound, "no session of this CSB ID and IDRi, or it has expired: run the exchange again")
        case .wrongTag:
            RPCStatus(.permissionDenied, "the tag is not that of this header under the session's key")
        case .otherESK:
            RPCStatus(.permissionDenied, "the ESK of the opening is not that of the exchange")
        case .noMailbox(let identity): RPCStatus(.notFound, "there is no mailbox \(identity) here")
        case .exchangeUsed:
            RPCStatus(.failedPrecondition, "this exchange was used before: each stream needs one of its own")
        case .keyMissing: RPCStatus(.unavailable, "this front lacks the cluster's latest key: try again")
        case .rate(let retryAfterMs):
            RPCStatus(.resourceExhausted, "too many in this minute: try again later", retryAfterMs: retryAfterMs)
        }
    }
}

extension Admission.Fault {
    var status: RPCStatus {
        switch self {
        case .otherHandshake, .handshakeTooOld: RPCStatus(.permissionDenied, "\(self)")
        case .lifetimeTooLong, .tooLarge: RPCStatus(.outOfRange, "\(self)")
        case .idInUse, .idExpiring: RPCStatus(.alreadyExists, "\(self)")
        case .quotaExceeded: RPCStatus(.resourceExhausted, "QUOTA_EXCEEDED: \(self)", retryAfterMs: 60_000)
        }
    }
}
