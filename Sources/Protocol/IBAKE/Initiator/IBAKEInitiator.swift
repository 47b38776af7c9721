import IdentityBasedEncryption
import MIKEY
import Primitives

/// An initiator that has made I_MESSAGE_1 and waits for R_MESSAGE_1 (RFC 6267 section 4.2.2).
///
/// A value: a message that is refused changes nothing, and the right one may still come. Who retries sends the same
/// octets.
///
/// Randomness is drawn in this order. I_MESSAGE_1: CSB ID (4 octets), RAND (16), the scalar x, rho. I_MESSAGE_2: where
/// R_MESSAGE_1 had no ECCPTi the scalar of the new point; rho of IBAKE; then the scalar of SK and rho of ESK.
public struct IBAKEInitiator: Sendable {
    /// I_MESSAGE_1.
    public let iMessage1: [UInt8]
    /// CSB ID.
    public var csbID: UInt32 { header.csbID }

    let call: IBAKECall
    let header: CommonHeader
    let rand: [UInt8]
    let timestamp: NTPTimestamp
    private let x: ECDHPrivateKey

    /// Makes I_MESSAGE_1: HDR, T, RAND, IDRi, IDRr, IBAKE (section 4.2.2.1).
    ///
    /// Throws `IBAKEError` where there are no parameters for the one called, or the machine fails.
    public init(
        _ call: IBAKECall, keys: KeyRing, now: UTCTime, random: some RandomSource
    ) throws(IBAKEError) {
        self.call = call
        let csbID = try step { try random.octets(4) }.reduce(0) { $0 << 8 | UInt32($1) }
        rand = try step { try random.octets(RandPayload.minimumOctetCount) }
        x = try step { try ECDHPrivateKey(curve: call.curve, random: random) }
        timestamp = NTPTimestamp(now)
        header = CommonHeader(.iMessage1, expectsAnswer: true, prf: call.suite.rawValue, csbID: csbID, map: call.map)
        let chain = PointChain(initiator: call.initiator, initiatorPoint: x.point, responder: call.called)
        let recipient = DatedIdentity(call.called, on: timestamp.time.day)
        let ibake = try keys.encrypt(SecretBytes(chain.octets), to: recipient, random: random)
        iMessage1 =
            MIKEYMessage(
                header,
                [
                    .timestamp(TimestampPayload(timestamp)), .rand(RandPayload(rand)),
                    .idr(IDRPayload(.initiator, call.initiator)), .idr(IDRPayload(.responder, call.called)),
                    .ibake(EncryptedPayload(ibake)),
                ]
            ).octets
    }

    /// Takes R_MESSAGE_1 and makes I_MESSAGE_2 (sections 4.2.2.4 and 4.2.2.5). Its T is `now`, or just later than
    /// that of I_MESSAGE_1 where the clock has not gone on.
    ///
    /// Nothing authenticates R_MESSAGE_1: send no content before R_MESSAGE_2's V has proved the responder.
    /// Throws `IBAKEError` for any other message, and `.otherCurve` where the mailbox wants the exchange on its own
    /// curve.
    public func receive(
        rMessage1: [UInt8], keys: KeyRing, now: UTCTime, random: some RandomSource
    ) throws(IBAKEError) -> SecondRound {
        let message = try MIKEYMessage(rMessage1, .rMessage1, answering: header, timestamp)
        let responder = try step { try message.identity(.responder) }
        guard try step({ try message.identity(.initiator) }) == call.initiator else {
            throw .message(.changed("IDRi"))
        }
        let chain = try openChain(in: message, timestamp: timestamp, keys: keys)
        guard chain.initiator == call.initiator else { throw .mismatch("IDRi inside the IBAKE") }
        guard chain.responder == responder else { throw .mismatch("IDRr inside the IBAKE") }
        guard let y = chain.responderPoint else { throw .mismatch("an R_MESSAGE_1 without ECCPTr") }
        if let echoed = chain.initiatorPoint, echoed != x.point { throw .mismatch("ECCPTi inside the IBAKE") }
        let outcome = try CallOutcome(call, responder: responder, broughtPointBack: chain.initiatorPoint != nil)
        guard y.curve == call.curve else { throw .otherCurve(y.curve) }
        return try SecondRound(
            self, x: x, y: y, responder: responder, outcome: outcome, keys: keys, now: now, random: random)
    }

    /// Decrypts IBAKE with the key of the initiator on the day of T.
    func openChain(
        in message: MIKEYMessage, timestamp: NTPTimestamp, keys: KeyRing
    ) throws(IBAKEError) -> PointChain {
        guard let encrypted = message.ibake else { throw .message(.missing("IBAKE")) }
        return try PointChain(
            opening: encrypted, as: DatedIdentity(call.initiator, on: timestamp.time.day), keys: keys)
    }
}
