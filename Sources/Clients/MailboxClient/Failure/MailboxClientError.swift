import IdentityBasedEncryption
import StateFolder

/// Everything that can go wrong for who sends and receives. Each case names the fault; `description` says what to do.
public enum MailboxClientError: Error, Sendable, Hashable {
    // This machine

    /// The operating system refused something.
    case file(FileFailure)
    /// OpenSSL or the computation underneath failed.
    case machine(reason: String)
    /// Another process works with the same profile; this is its lock.
    case locked(path: String)

    // The profile

    /// There is no profile in the folder.
    case noProfile(path: String)
    /// There is one already.
    case profileExists(path: String)
    /// A file of the profile is not what it should be.
    case damaged(path: String, reason: String)
    /// The profile's key is sealed, and no passphrase was given.
    case passphraseNeeded(path: String)
    /// The passphrase does not open the profile's key.
    case wrongPassphrase(path: String)
    /// The profile has not this identity.
    case notOwn(identity: String, path: String)

    // The services

    /// A service did not answer within the time allowed for retries.
    case unavailable(service: String, reason: String)
    /// A service is too busy, or a quota is used up; after the time allowed for retries.
    case busy(service: String, reason: String, retryAfterMs: Int?)
    /// A service says that this is not allowed.
    case denied(service: String, reason: String)
    /// A service knows no such name.
    case unknownName(service: String, reason: String)
    /// A service found fault with what was sent.
    case refused(service: String, reason: String)
    /// A peer broke the protocol or could not prove itself.
    case untrusted(peer: String, reason: String)

    // Deposits

    /// The name has no mailbox.
    case noMailbox(identity: String)
    /// What is to be sent, or how, is not possible.
    case unusable(what: String, reason: String)
    /// The content changed while it was sent. The deposit was not made: one id belongs to one content.
    case contentChanged(path: String)
    /// The mailbox no longer knows the session, and nothing of the deposit was stored: open another session.
    case sessionGone
    /// The connection broke after everything was sent, and no answer was to be had: the deposit may or may not be
    /// there.
    case outcomeUnknown(depositID: String)
    /// There is no private key of the day.
    case noKey(identity: String, reason: String)
    /// The task was cancelled.
    case cancelled

    /// What kind of failure it is, for exit statuses and for callers who decide by it.
    public enum Kind: Sendable, Hashable, CaseIterable {
        /// Input is not what it should be.
        case data
        /// No such user, mailbox, key or profile.
        case unknownName
        /// A service does not answer.
        case unavailable
        /// This machine: a disk, a lock, a library.
        case machine
        /// Try again later.
        case later
        /// The other side broke the protocol or could not prove itself.
        case untrusted
        /// Not allowed.
        case denied
        /// Anything else.
        case failure
    }

    /// What kind of failure it is.
    public var kind: Kind {
        switch self {
        case .file, .machine, .locked: .machine
        case .noProfile, .notOwn, .unknownName, .noMailbox, .noKey: .unknownName
        case .damaged, .refused, .contentChanged, .unusable: .data
        case .passphraseNeeded, .wrongPassphrase, .denied: .denied
        case .unavailable: .unavailable
        case .busy, .sessionGone: .later
        case .untrusted: .untrusted
        case .profileExists, .outcomeUnknown, .cancelled: .failure
        }
    }
}

extension MailboxClientError: CustomStringConvertible {
    /// The fault, and what to do.
    public var description: String {
        switch self {
        case .file(let failure): "\(failure)"
        case .machine(let reason): reason
        case .locked(let path): "another process is at work with this profile (\(path)): wait for it, or end it"
        case .noProfile(let path): "there is no profile in \(path); make one with 'poste enroll URI'"
        case .profileExists(let path): "there is a profile in \(path) already; use it, or replace it with --replace"
        case .damaged(let path, let reason): "\(path): \(reason)"
        case .passphraseNeeded(let path): "\(path) is sealed under a passphrase; give it with --passphrase-file"
        case .wrongPassphrase(let path):
            "the passphrase does not open \(path); give the one that the profile was made with"
        case .notOwn(let identity, let path): "\(identity) is not an identity of the profile in \(path); enrol it"
        case .unavailable(let service, let reason): "the \(service) does not answer: \(reason)"
        case .busy(let service, let reason, let ms):
            "the \(service) is busy: \(reason)" + (ms.map { " (try again in \($0) ms)" } ?? "; try again later")
        case .denied(let service, let reason): "the \(service) does not allow it: \(reason)"
        case .unknownName(let service, let reason): "unknown to the \(service): \(reason)"
        case .refused(let service, let reason): "the \(service) refused it: \(reason)"
        case .untrusted(let peer, let reason): "the \(peer) is not to be trusted: \(reason)"
        case .noMailbox(let identity): "\(identity) has no mailbox: one belongs to sip:USER@DOMAIN"
        case .unusable(let what, let reason): "\(what): \(reason)"
        case .contentChanged(let path):
            "\(path) changed while it was sent, and the deposit was given up; send it again when nobody writes to it"
        case .sessionGone: "the mailbox no longer knows the session, and nothing was stored: send it again"
        case .outcomeUnknown(let id):
            "the connection broke when all was sent, and no answer was to be had: deposit \(id) may be there or not; "
                + "ask its recipient before sending it again"
        case .noKey(let identity, let reason): "no private key of \(identity): \(reason)"
        case .cancelled: "cancelled"
        }
    }
}

extension MailboxClientError {
    /// Runs the body; what it throws is thrown as an error of this type.
    static func converting<Result>(_ body: () throws -> Result) throws(MailboxClientError) -> Result {
        do { return try body() } catch { throw MailboxClientError(error) }
    }

    /// An error of the parts below as one of this type.
    init(_ error: any Error) {
        switch error {
        case let error as MailboxClientError: self = error
        case let error as FileFailure: self = .file(error)
        case StateFolderError.locked(let path, _): self = .locked(path: path)
        case is CancellationError: self = .cancelled
        case let error as IBEError: self = .untrusted(peer: "KMS", reason: "\(error)")
        default: self = .machine(reason: "\(error)")
        }
    }
}
