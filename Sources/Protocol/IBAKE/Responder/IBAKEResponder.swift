import IdentityBasedEncryption
import MIKEY
import Primitives

/// The responder's side of every exchange, without state of its own (RFC 6267 section 4.2.2).
///
/// Somebody who is called answers under his own name. A mailbox answers under its own name too, and for everybody whose
/// mailbox it is, without opening what is not for it (docs/protocol.md choices 13 and 14).
///
/// Randomness is drawn in this order. R_MESSAGE_1: the scalar y, rho. R_MESSAGE_2: rho, where it has an IBAKE.
public struct IBAKEResponder: Sendable {
    let names: Set<Identity>
    let keys: KeyRing
    let suites: Set<AlgorithmSuite>

    /// A responder under these names, with their private keys. RFC 3830's older algorithms are taken only where
    /// enabled.
    public init(names: Set<Identity>, keys: KeyRing, suites: Set<AlgorithmSuite> = [.sha256]) {
        self.names = names
        self.keys = keys
        self.suites = suites
    }

    /// What goes back, and what to remember.
    public struct Answer: Sendable {
        /// R_MESSAGE_1 or R_MESSAGE_2.
        public let octets: [UInt8]
        /// The state to store under the exchange's key before the octets are sent.
        public let state: ResponderState
        /// Whether the octets answer a repeat, so that there is nothing to store.
        public let isRepeat: Bool
    }

    /// Answers I_MESSAGE_1 or I_MESSAGE_2.
    ///
    /// `state` is what the store holds under `ExchangeKey(of: octets)`, or nil. The same octets get the same answer;
    /// a refused message leaves the state as it is, so that a bad I_MESSAGE_2 does not spoil the good one
    /// (docs/protocol.md choice 17). Throws `IBAKEError`, which says what goes back instead.
    public func answer(
        _ octets: [UInt8], state: ResponderState?, now: UTCTime, random: some RandomSource
    ) throws(IBAKEError) -> Answer {
        let received = try ReceivedMessage(octets, suites: suites, now: now)
        guard !names.contains(received.initiator) else { throw .ownName(received.initiator) }
        guard let state else {
            guard received.type == .iMessage1 else { throw .unknownExchange }
            return try answerFirst(received, random: random)
        }
        guard state.key == ExchangeKey(csbID: received.header.csbID, initiator: received.initiator) else {
            throw .unknownExchange
        }
        switch (received.type, state.progress) {
        case (.iMessage1, _):
            return Answer(octets: try state.first.repeated(for: octets), state: state, isRepeat: true)
        case (_, .established(let second, _)):
            return Answer(octets: try second.repeated(for: octets), state: state, isRepeat: true)
        case (_, .awaitingSecond(let opening)):
            return try answerSecond(received, state, opening, random: random)
        }
    }

    /// Makes R_MESSAGE_1: HDR, T, IDRi, IDRr, IBAKE (sections 4.2.2.2 and 4.2.2.3).
    private func answerFirst(
        _ received: ReceivedMessage, random: some RandomSource
    ) throws(IBAKEError) -> Answer {
        let called = received.responder
        let responder: Identity
        let initiatorPoint: ECDHPoint?
        if names.contains(called) {
            responder = called
            let chain = try PointChain(
                opening: received.ibake, as: DatedIdentity(called, on: received.day), keys: keys)
            guard chain.initiator == received.initiator else { throw .mismatch("IDRi inside the IBAKE") }
            guard chain.responder == called else { throw .mismatch("IDRr inside the IBAKE") }
            guard let point = chain.initiatorPoint, chain.responderPoint == nil else {
                throw .mismatch("an I_MESSAGE_1 with other points than ECCPTi")
            }
            initiatorPoint = point
        } else if let mailbox = called.mailbox, names.contains(mailbox) {
            responder = mailbox
            initiatorPoint = nil
        } else {
            throw .notServed(called)
        }
        // The initiator's curve; a mailbox that cannot see it takes P-256 (docs/protocol.md choice 4).
        let y = try step { try ECDHPrivateKey(curve: initiatorPoint?.curve ?? .p256, random: random) }
        let chain = PointChain(
            initiator: received.initiator, initiatorPoint: initiatorPoint, responder: responder,
            responderPoint: y.point)
        let ibake = try keys.encrypt(
            SecretBytes(chain.octets), to: DatedIdentity(received.initiator, on: received.day), random: random)
        let message = received.answer(
            .rMessage1, expectsAnswer: true, responder: responder, ibake: ibake)
        let state = ResponderState(
            key: received.key, timestamp: received.timestamp,
            first: AnsweredMessage(received.octets, answer: message.octets),
            progress: .awaitingSecond(
                ResponderState.Opening(
                    prf: received.header.prf, map: received.header.map, rand: received.rand, called: called,
                    responder: responder, curve: y.point.curve, y: y.scalar, initiatorPoint: initiatorPoint,
                    esk: received.esk)))
        return Answer(octets: message.octets, state: state, isRepeat: false)
    }

    /// Makes R_MESSAGE_2: HDR, T, IDRi, IDRr, [IBAKE], V (sections 4.2.2.6 and 4.2.2.7).
    private func answerSecond(
        _ received: ReceivedMessage, _ state: ResponderState, _ opening: ResponderState.Opening,
        random: some RandomSource
    ) throws(IBAKEError) -> Answer {
        try received.requireSameExchange(as: opening, after: state.timestamp)
        let y = try step { try ECDHPrivateKey(scalar: opening.y, curve: opening.curve) }
        let chain = try PointChain(
            opening: received.ibake, as: DatedIdentity(opening.responder, on: received.day), keys: keys)
        guard chain.initiator == received.initiator else { throw .mismatch("IDRi inside the IBAKE") }
        guard chain.responder == opening.responder else { throw .mismatch("IDRr inside the IBAKE") }
        guard chain.responderPoint == y.point else { throw .mismatch("ECCPTr inside the IBAKE") }
        let initiatorPoint: ECDHPoint
        switch (opening.initiatorPoint, chain.initiatorPoint) {
        case (let known?, nil): initiatorPoint = known
        case (nil, let new?):
            guard new.curve == opening.curve else { throw .mismatch("the curve of ECCPTi inside the IBAKE") }
            initiatorPoint = new
        case (nil, nil): throw .mismatch("an I_MESSAGE_2 to a mailbox without ECCPTi")
        case (_?, _?): throw .mismatch("an I_MESSAGE_2 with an ECCPTi that R_MESSAGE_1 had brought back")
        }
        let suite = try step { try AlgorithmSuite(prf: opening.prf, enabled: suites) }
        let session = SessionKeys(
            kSession: try step { try y.sharedPoint(with: initiatorPoint) }, csbID: received.header.csbID,
            rand: opening.rand, suite: suite)
        var ibake: [UInt8]?
        if let new = chain.initiatorPoint {
            let echo = PointChain(initiator: received.initiator, initiatorPoint: new)
            ibake = try keys.encrypt(
                SecretBytes(echo.octets), to: DatedIdentity(received.initiator, on: received.day), random: random)
        }
        let message = received.answer(.rMessage2, expectsAnswer: false, responder: opening.responder, ibake: ibake)
            .authenticated(
                key: session.authenticationKey, suite: suite,
                identities: [received.initiator.octets, opening.responder.octets])
        let established = EstablishedSession(
            csbID: received.header.csbID, initiator: received.initiator, called: opening.called,
            responder: opening.responder, timestamp: received.timestamp,
            iMessage2Digest: HashFunction.sha256.hash(received.octets), tgk: session.tgk,
            esk: received.esk ?? opening.esk, secretKey: nil)
        let next = ResponderState(
            key: state.key, timestamp: received.timestamp, first: state.first,
            progress: .established(AnsweredMessage(received.octets, answer: message.octets), established))
        return Answer(octets: message.octets, state: next, isRepeat: false)
    }
}
