import IBAKE
import MIKEY
import RPC

extension MailboxClientError {
    /// What a call's failure means for who called.
    init(_ status: RPCStatus, of service: String) {
        let reason = status.message.isEmpty ? status.code.description : status.message
        switch status.code {
        case .unavailable, .deadlineExceeded, .unknown, .internal, .aborted:
            self = .unavailable(service: service, reason: reason)
        case .cancelled: self = .cancelled
        case .resourceExhausted: self = .busy(service: service, reason: reason, retryAfterMs: status.retryAfterMs)
        case .permissionDenied, .unauthenticated: self = .denied(service: service, reason: reason)
        case .notFound: self = .unknownName(service: service, reason: reason)
        case .unimplemented: self = .refused(service: service, reason: "it does not serve this call: \(reason)")
        case .invalidArgument, .alreadyExists, .failedPrecondition, .outOfRange, .dataLoss, .ok:
            self = .refused(service: service, reason: reason)
        }
    }

    /// What a fault in an exchange means for who began it.
    init(_ error: IBAKEError, of service: String) {
        switch error {
        case .peerError(let number):
            switch ErrorNumber(rawValue: number) {
            case .invalidTimestamp:
                self = .refused(service: service, reason: "\(error); check this machine's clock")
            case .invalidID: self = .unknownName(service: service, reason: "it answers for no such name or day")
            case .authenticationFailure:
                self = .denied(service: service, reason: "it does not accept the key that this was made with")
            default: self = .refused(service: service, reason: "\(error)")
            }
        case .noPrivateKey(let dated):
            self = .noKey(identity: "\(dated.identity)", reason: "none of \(dated.day) is there")
        case .noParameters(let identity): self = .noKey(identity: "\(identity)", reason: "\(error)")
        case .failure(let reason): self = .machine(reason: reason)
        default: self = .untrusted(peer: service, reason: "\(error)")
        }
    }
}
