import IBAKE
import IdentityBasedEncryption
import Primitives
import WorkPool

/// Runs the four messages of an IBAKE exchange as the initiator, over whatever carries them.
struct Handshake: Sendable {
    let keys: OwnKeys
    let pool: WorkPool
    let now: @Sendable () -> UTCTime

    /// A message and what carries it: gives the answer.
    typealias Carrier = @Sendable (_ message: [UInt8], _ name: HandshakeMessage) async throws -> [UInt8]

    /// What an exchange must come to.
    enum Purpose: Sendable {
        /// The mailbox answers for who was called.
        case deposit
        /// Who was called, a mailbox, answers itself.
        case fetch
    }

    /// Runs the exchange. Throws `MailboxClientError`, and what the carrier throws.
    ///
    /// Over midnight the two rounds need the keys of two days (docs/protocol.md choice 12).
    func run(
        from initiator: Identity, to called: Identity, for purpose: Purpose, over carrier: Carrier
    ) async throws -> EstablishedSession {
        do {
            let begin = now()
            let firstRing = try await keys.ring(of: initiator, on: [begin.day])
            let first = try await pool.run {
                try IBAKEInitiator(
                    IBAKECall(from: initiator, to: called), keys: firstRing, now: begin, random: SystemRandom())
            }
            let rMessage1 = try await carrier(first.iMessage1, .first)
            // T of I_MESSAGE_2 is this time, or just later than T of I_MESSAGE_1 where the clock has not gone on.
            let middle = max(now(), begin)
            let secondRing = try await keys.ring(
                of: initiator, on: [begin.day, middle.day, middle.advanced(byMilliseconds: 1).day])
            let second = try await pool.run {
                try first.receive(rMessage1: rMessage1, keys: secondRing, now: middle, random: SystemRandom())
            }
            guard second.outcome == (purpose == .deposit ? .deferred : .answered) else {
                throw MailboxClientError.untrusted(
                    peer: "mailbox", reason: "\(second.responder) answered a call to \(called), which is not expected")
            }
            let rMessage2 = try await carrier(second.iMessage2, .second)
            return try await pool.run { try second.receive(rMessage2: rMessage2, keys: secondRing) }
        } catch let error as IBAKEError {
            throw MailboxClientError(error, of: "mailbox")
        }
    }
}

/// Which of the two messages of an initiator.
enum HandshakeMessage: Int, Sendable {
    case first = 1
    case second = 2

    var name: String { "I_MESSAGE_\(rawValue)" }
    var answer: String { "R_MESSAGE_\(rawValue)" }
}
