import IdentityBasedEncryption
import MIKEY
import Primitives

extension IBAKEInitiator {
    /// An initiator that has made I_MESSAGE_2 and waits for R_MESSAGE_2. A value, as the first round is.
    public struct SecondRound: Sendable {
        /// I_MESSAGE_2.
        public let iMessage2: [UInt8]
        /// Who answered.
        public let responder: Identity
        /// What the answer means.
        public let outcome: CallOutcome

        private let first: IBAKEInitiator
        private let timestamp: NTPTimestamp
        /// ECCPTi of I_MESSAGE_2, where there is one.
        private let newPoint: ECDHPoint?
        private let keys: SessionKeys
        private let esk: BoundESK?
        private let secretKey: EstablishedSession.SecretKey?

        /// Makes I_MESSAGE_2: HDR, T, RAND, IDRi, IDRr, IBAKE, [ESK] (RFC 6267 section 4.2.2.5).
        init(
            _ first: IBAKEInitiator, x: ECDHPrivateKey, y: ECDHPoint, responder: Identity, outcome: CallOutcome,
            keys ring: KeyRing, now: UTCTime, random: some RandomSource
        ) throws(IBAKEError) {
            let call = first.call
            self.first = first
            self.responder = responder
            self.outcome = outcome
            timestamp = NTPTimestamp(now, after: first.timestamp)
            let day = timestamp.time.day
            // A new point, because the one of I_MESSAGE_1 is known to whoever opened that (docs/protocol.md choice 15).
            let own = outcome.needsNewPoint ? try step { try ECDHPrivateKey(curve: y.curve, random: random) } : x
            newPoint = outcome.needsNewPoint ? own.point : nil
            let chain = PointChain(
                initiator: call.initiator, initiatorPoint: newPoint, responder: responder, responderPoint: y)
            let ibake = try ring.encrypt(
                SecretBytes(chain.octets), to: DatedIdentity(responder, on: day), random: random)
            var payloads: [Payload] = [
                .timestamp(TimestampPayload(timestamp)), .rand(RandPayload(first.rand)),
                .idr(IDRPayload(.initiator, call.initiator)), .idr(IDRPayload(.responder, responder)),
                .ibake(EncryptedPayload(ibake)),
            ]
            if outcome.needsNewPoint {
                let sk = try step {
                    try SecretKeyChain(initiator: call.initiator, curve: call.curve, random: random)
                }
                // For the one called, whoever answered (docs/protocol.md choice 16).
                let data = try ring.encrypt(sk.octets, to: DatedIdentity(call.called, on: day), random: random)
                payloads.append(.esk(EncryptedPayload(data)))
                esk = BoundESK(data: data, timestamp: timestamp)
                secretKey = EstablishedSession.SecretKey(curve: sk.curve, octets: sk.sk, esk: data)
            } else {
                esk = nil
                secretKey = nil
            }
            var header = first.header
            header.dataType = DataType.iMessage2.rawValue
            iMessage2 = MIKEYMessage(header, payloads).octets
            keys = SessionKeys(
                kSession: try step { try own.sharedPoint(with: y) }, csbID: header.csbID, rand: first.rand,
                suite: call.suite)
        }

        /// Takes R_MESSAGE_2, whose V proves the responder (RFC 6267 section 4.2.2.8).
        ///
        /// Throws `IBAKEError` for any other message; the state stays as it is, and the right one may still come.
        public func receive(rMessage2: [UInt8], keys ring: KeyRing) throws(IBAKEError) -> EstablishedSession {
            let call = first.call
            let message = try MIKEYMessage(rMessage2, .rMessage2, answering: first.header, timestamp)
            try step {
                for (role, expected) in [(IDRPayload.Role.initiator, call.initiator), (.responder, responder)] {
                    let found = try message.optionalIdentity(role)
                    guard found == nil || found == expected else { throw MIKEYError.changed(role.name) }
                }
            }
            // Both identities from our own state: under V there is no boundary between them (docs/protocol.md choice
            // 7).
            let isAuthentic = try step {
                try message.isAuthentic(
                    key: keys.authenticationKey, suite: call.suite,
                    identities: [call.initiator.octets, responder.octets])
            }
            guard isAuthentic else { throw .wrongMAC }
            guard (message.ibake != nil) == (newPoint != nil) else {
                throw .message(newPoint == nil ? .unexpected(.ibake) : .missing("IBAKE"))
            }
            if let newPoint {
                let chain = try first.openChain(in: message, timestamp: timestamp, keys: ring)
                guard chain == PointChain(initiator: call.initiator, initiatorPoint: newPoint) else {
                    throw .mismatch("IDRi or ECCPTi inside the IBAKE")
                }
            }
            return EstablishedSession(
                csbID: first.csbID, initiator: call.initiator, called: call.called, responder: responder,
                timestamp: timestamp, iMessage2Digest: HashFunction.sha256.hash(iMessage2), tgk: keys.tgk, esk: esk,
                secretKey: secretKey)
        }
    }
}
