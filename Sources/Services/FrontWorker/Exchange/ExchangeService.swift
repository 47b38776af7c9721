import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC
import WorkPool

/// `Mailbox.Exchange`, and the exchange inside a recipient's stream: answers I_MESSAGE_1 and I_MESSAGE_2 for the mailboxes of this front.
struct ExchangeService: Sendable {
    /// What goes back.
    struct Answer: Sendable {
        /// R_MESSAGE_1, R_MESSAGE_2, or an Error message.
        let octets: [UInt8]
        /// Whether it is an Error message.
        let isError: Bool
        /// CSB ID and IDRi; none for an Error.
        let exchange: ExchangeKey?
        /// After R_MESSAGE_2.
        let session: EstablishedSession?
        /// Whether the same octets had been answered before.
        let isRepeat: Bool
    }

    let vault: SessionVault
    let keys: MailboxKeys
    let pool: WorkPool
    let admission: RateAdmission
    let now: @Sendable () -> UTCTime
    let random: any RandomSource
    let metrics: FrontMetrics
    let log: Log

    /// The unary call. Throws `RPCStatus`.
    func exchange(_ octets: [UInt8], source: String) async throws -> [UInt8] {
        do {
            return try await answer(octets, source: source).octets
        } catch {
            throw FrontFault.status(for: error, log: log)
        }
    }

    /// Answers a message; the same octets get the same answer.
    func answer(_ octets: [UInt8], source: String) async throws -> Answer {
        do {
            let answer = try await take(octets, source: source)
            metrics.count(answer)
            return answer
        } catch {
            metrics.countExchange(error)
            throw error
        }
    }

    private func take(_ octets: [UInt8], source: String) async throws -> Answer {
        do {
            let key = try ExchangeKey(of: octets)
            while true {
                let stored = try await vault.state(of: key)
                if stored?.state == nil {
                    try await admission.admit(source: source, initiator: key.initiator, now: now())
                }
                let answer = try await compute(octets, stored?.state)
                let isKept: Bool
                if answer.isRepeat {
                    isKept = true
                } else {
                    isKept = try await vault.keep(answer.state, inPlaceOf: stored, now: now())
                }
                // Another front answered the same exchange meanwhile: its answer counts.
                guard isKept else { continue }
                return Answer(
                    octets: answer.octets, isError: false, exchange: key, session: answer.state.session,
                    isRepeat: answer.isRepeat)
            }
        } catch let error as IBAKEError {
            return try refuse(error, octets)
        }
    }

    /// A pairing runs on a thread of the pool, never on one that serves calls.
    private func compute(_ octets: [UInt8], _ state: ResponderState?) async throws -> IBAKEResponder.Answer {
        let responder = try await keys.responder()
        let now = now()
        let random = random
        let time = metrics.crypto[state == nil ? "answer_i_message_1" : "answer_i_message_2"]
        return try await pool.run {
            let start = ContinuousClock.now
            defer { time.observe(since: start) }
            return try responder.answer(octets, state: state, now: now, random: random)
        }
    }

    private func refuse(_ error: IBAKEError, _ octets: [UInt8]) throws -> Answer {
        log.info("exchange refused", ["reason": LogValue(error)])
        if let message = error.message(answering: octets, now: now()) {
            return Answer(octets: message, isError: true, exchange: nil, session: nil, isRepeat: false)
        }
        switch error.answer {
        case .internalFailure:
            log.error("exchange failed", ["reason": LogValue(error)])
            throw RPCStatus(.unavailable, "the front could not answer: try again")
        case .error, .invalidArgument: throw RPCStatus(.invalidArgument, "\(error)")
        }
    }
}
