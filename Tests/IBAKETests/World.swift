import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// A KMS and three parties: Anna, Ben, and the mailbox of their domain. Level 1024, so that it is fast.
struct World {
    let master: BFMasterKey
    let anna: Identity
    let ben: Identity
    let mailbox: Identity
    /// 2026-12-01T09:30:00.500Z.
    let now = UTCTime(milliseconds: 1_796_117_400_500)

    init(level: String = "1024") throws {
        let file = try Vector(file: "deferred-\(level).json")
        master = try BFMasterKey(
            parameters: BFPublicParameters(der: file["BFPublicParameters"].octets),
            secret: BFMasterSecret(der: file["BFMasterSecret"].secret))
        anna = try Identity("sip:anna@post.example")
        ben = try Identity("sip:ben@post.example")
        mailbox = try Identity("sip:mailbox@post.example")
    }

    /// The keys of a party for some days, and the parameters of this KMS.
    func keys(_ name: Identity, days: [UTCDay]? = nil) throws -> KeyRing {
        var keys = KeyRing(parameters: [master.parameters])
        for day in days ?? [now.day] { try keys.add(master.extract(DatedIdentity(name, on: day).octets)) }
        return keys
    }

    func responder(_ name: Identity, days: [UTCDay]? = nil) throws -> IBAKEResponder {
        IBAKEResponder(names: [name], keys: try keys(name, days: days))
    }

    func begun(
        _ call: IBAKECall, seed: UInt64 = 1, now: UTCTime? = nil
    ) throws -> (initiator: IBAKEInitiator, random: SeededRandom) {
        let random = SeededRandom(seed: seed)
        let start = now ?? self.now
        let initiator = try IBAKEInitiator(
            call, keys: keys(call.initiator, days: [start.day]), now: start, random: random)
        return (initiator, random)
    }

    /// A whole exchange with one responder: what both sides have at its end.
    func run(
        _ call: IBAKECall, with responder: IBAKEResponder, keys ring: KeyRing? = nil, seed: UInt64 = 1
    ) throws -> (initiator: EstablishedSession, responder: EstablishedSession, outcome: CallOutcome) {
        let keys = try ring ?? keys(call.initiator)
        let random = SeededRandom(seed: seed)
        let initiator = try IBAKEInitiator(call, keys: keys, now: now, random: random)
        let first = try responder.answer(initiator.iMessage1, state: nil, now: now, random: random)
        let second = try initiator.receive(rMessage1: first.octets, keys: keys, now: now, random: random)
        let last = try responder.answer(second.iMessage2, state: first.state, now: now, random: random)
        let session = try second.receive(rMessage2: last.octets, keys: keys)
        return (session, try #require(last.state.session), second.outcome)
    }

    /// A message with an IBAKE of the given plaintext, encrypted to a party on the day of T.
    func crafted(
        _ type: DataType, from initiator: Identity, to responder: Identity, csbID: UInt32 = 7,
        rand: [UInt8] = [UInt8](repeating: 5, count: 16), timestamp: NTPTimestamp? = nil, plaintext: [UInt8],
        esk: [UInt8]? = nil
    ) throws -> [UInt8] {
        let timestamp = timestamp ?? NTPTimestamp(now)
        let recipient = DatedIdentity(responder, on: timestamp.time.day)
        let ibake = try master.parameters.encrypt(plaintext, to: recipient.octets, random: SeededRandom(seed: 9))
        let payloads: [Payload] = [
            .timestamp(TimestampPayload(timestamp)), .rand(RandPayload(rand)),
            .idr(IDRPayload(.initiator, initiator)), .idr(IDRPayload(.responder, responder)),
            .ibake(EncryptedPayload(ibake)),
        ]
        let header = CommonHeader(type, expectsAnswer: true, prf: 1, csbID: csbID)
        return MIKEYMessage(header, payloads + (esk.map { [.esk(EncryptedPayload($0))] } ?? [])).octets
    }
}

extension MIKEYMessage {
    /// The message of these octets with other payloads or another header.
    static func changing(
        _ octets: [UInt8], _ change: (inout CommonHeader, inout [Payload]) -> Void
    ) throws -> [UInt8] {
        let message = try MIKEYMessage(octets: octets)
        var header = message.header
        var payloads = message.payloads
        change(&header, &payloads)
        return MIKEYMessage(header, payloads).octets
    }
}

/// What an exchange was refused with.
func refusal(_ body: () throws -> some Any) -> IBAKEError? {
    thrown(IBAKEError.self, by: body)
}
