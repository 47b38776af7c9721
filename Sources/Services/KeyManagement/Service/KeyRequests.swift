import IBAKE
import MIKEY
import Primitives
import Synchronization

/// Answers REQUEST_KEY_INIT_PSK with REQUEST_KEY_RESP or an Error message (RFC 6267 section 4.2.1, docs/protocol.md choices 17
/// to 19). Waits for the disk and computes long.
final class KeyRequests: Sendable {
    /// What goes back.
    enum Answer: Sendable {
        /// REQUEST_KEY_RESP with so many keys. For a repeat it is that of the first time.
        case keys([UInt8], count: Int, account: Int64)
        /// An Error message, and why.
        case error([UInt8], reason: String)
    }

    private let state: KeyManagementState
    private let answered: Mutex<AnsweredRequests>

    init(state: KeyManagementState) {
        self.state = state
        answered = Mutex(AnsweredRequests(octetLimit: state.settings.rememberedOctets))
    }

    /// Answers a request that came from `peer`.
    ///
    /// Throws `IBAKEError` where there is no MIKEY answer: the octets are no MIKEY, or the machine failed; `SQLiteError` and
    /// `StateFolderError` where the state cannot be read or written.
    func answer(_ octets: [UInt8], peer: String, now: UTCTime) throws -> Answer {
        var entry = AuditEntry(.keys, peer: peer)
        do {
            let request = try ReceivedKeyRequest(octets, kms: state.name, now: now)
            entry.pskName = hexadecimal(request.preSharedKeyName.prefix(64))
            entry.identities = request.requested.map(\.description)
            let account = try state.account(pskName: request.preSharedKeyName)
            let authentic = try request.authenticated(by: account?.psk)
            guard let account else { throw IBAKEError.wrongMAC }
            entry.account = account.id
            return try answer(authentic, of: account, entry, now)
        } catch let refusal as KeyRefusal {
            entry.refuse(refusal)
            try state.record(entry, now: now)
            guard let answer = MIKEYMessage.error(refusal.number, answering: octets, now: now) else { throw refusal }
            return .error(answer.octets, reason: refusal.description)
        } catch let fault as IBAKEError {
            guard let answer = fault.message(answering: octets, now: now) else { throw fault }
            entry.refuse(fault)
            try state.recordUnverified(entry, now: now)
            return .error(answer, reason: fault.description)
        }
    }

    /// Answers a request whose V has verified. No key leaves before the audit log has it on the disk.
    private func answer(
        _ authentic: AuthenticKeyRequest, of account: Account, _ entry: AuditEntry, _ now: UTCTime
    ) throws -> Answer {
        let request = authentic.request
        let standing = answered.withLock {
            $0.begin(
                csbID: request.csbID, account: account.id, digest: request.digest, expires: request.expires, now: now)
        }
        switch standing {
        case .answered(let octets): return .keys(octets, count: request.requested.count, account: account.id)
        case .other: throw KeyRefusal.reusedCSBID
        // Two that run at a time make the same octets.
        case .new, .underway: break
        }
        do {
            if let refusal = state.settings.policy.refusal(of: request.requested, for: account, now: now) {
                throw refusal
            }
            let response = try authentic.response(request.requested.map { try state.extract($0) })
            try state.record(entry, now: now)
            answered.withLock {
                $0.finish(csbID: request.csbID, account: account.id, digest: request.digest, answer: response)
            }
            return .keys(response, count: request.requested.count, account: account.id)
        } catch {
            answered.withLock { $0.abandon(csbID: request.csbID, account: account.id, digest: request.digest) }
            throw error
        }
    }
}
