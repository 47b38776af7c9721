import IBAKE
import MailboxAPI
import Observability
import Primitives
import RPC
import WorkPool

/// The calls of `posterestante.v1.KeyManagement`. All that waits or computes runs on the pool's threads.
struct KeyManagementCalls: KeyManagementHandlers {
    let state: KeyManagementState
    let pool: WorkPool
    let clock: @Sendable () -> UTCTime
    let metrics: KeyManagementMetrics
    let log: Log
    private let keyRequests: KeyRequests

    init(
        state: KeyManagementState, pool: WorkPool, clock: @escaping @Sendable () -> UTCTime,
        metrics: KeyManagementMetrics, log: Log
    ) {
        self.state = state
        self.pool = pool
        self.clock = clock
        self.metrics = metrics
        self.log = log
        keyRequests = KeyRequests(state: state)
    }

    func requestKeys(_ request: MailboxAPI.MIKEYMessage, _ context: RPCContext) async throws -> MailboxAPI.MIKEYMessage
    {
        let (octets, peer) = (request.octets, context.peerAddress)
        let answer = try await perform { [keyRequests, clock, metrics] in
            let start = ContinuousClock.now
            defer { metrics.crypto["answer_key_request"].observe(since: start) }
            return try keyRequests.answer(octets, peer: peer, now: clock())
        }
        switch answer {
        case .keys(let octets, let count, let account):
            metrics.requests["granted"].add()
            metrics.keys.add(UInt64(count))
            log.info("keys issued", ["account": LogValue(account), "keys": LogValue(count)])
            return MailboxAPI.MIKEYMessage(octets: octets)
        case .error(let octets, let reason):
            metrics.requests["refused"].add()
            log.warning("keys refused", ["peer": .text(peer), "reason": .text(reason)])
            return MailboxAPI.MIKEYMessage(octets: octets)
        }
    }

    func getParameters(_ request: GetParametersRequest, _ context: RPCContext) async throws -> GetParametersResponse {
        GetParametersResponse(parameters: state.parameters)
    }

    func enroll(_ request: EnrollRequest, _ context: RPCContext) async throws -> EnrollResponse {
        let peer = context.peerAddress
        let authorization = context.metadata["authorization"] ?? ""
        let scheme = "bearer "
        let token =
            authorization.lowercased().hasPrefix(scheme) ? String(authorization.dropFirst(scheme.count)) : ""
        let enrolment = try await perform { [state, clock] in
            try state.enroll(
                identities: request.identities, mailboxDomain: request.mailboxDomain, token: token, peer: peer,
                now: clock())
        }
        metrics.enrolments["granted"].add()
        log.info("enrolled", ["account": LogValue(enrolment.account), "peer": .text(peer)])
        return EnrollResponse(
            pskName: enrolment.pskName, psk: enrolment.psk, kms: state.name.octets, parameters: state.parameters)
    }

    /// Runs what blocks on the pool; what it throws becomes the status that the caller sees.
    private func perform<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        do {
            return try await pool.run(work)
        } catch let full as WorkPoolFull {
            throw RPCStatus(
                .resourceExhausted, "the KMS has more requests than it can answer: try again later",
                retryAfterMs: max(50, Int((full.expectedWait / .milliseconds(1)).rounded())))
        } catch is WorkPoolStopped {
            throw RPCStatus(.unavailable, "the KMS is shutting down: try again")
        } catch let refusal as EnrolmentRefusal {
            metrics.enrolments["refused"].add()
            log.warning("enrolment refused", ["reason": .text(refusal.description)])
            throw RPCStatus(refusal.code, refusal.description)
        } catch let fault as IBAKEError where fault.answer == .invalidArgument {
            throw RPCStatus(.invalidArgument, fault.description)
        } catch is CancellationError {
            throw RPCStatus(.cancelled, "the caller went away")
        } catch {
            metrics.failed.add()
            log.error("a request failed", ["reason": .text("\(error)")])
            throw RPCStatus(.unavailable, "the KMS cannot answer now, its log says why: try again later")
        }
    }
}

extension EnrolmentRefusal {
    fileprivate var code: RPCCode {
        switch self {
        case .token, .reserved, .foreignDomain: .permissionDenied
        case .unclear, .tooMany, .invalid, .invalidDomain: .invalidArgument
        case .enrolled: .alreadyExists
        }
    }
}
