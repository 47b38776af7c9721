import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// What a responder refuses before it decrypts anything, and the number that goes back (docs/protocol.md choice 18).
@Suite struct RefusalTests {
    let world: World
    let mailbox: IBAKEResponder
    let initiator: IBAKEInitiator
    let random: SeededRandom

    init() throws {
        world = try World()
        mailbox = try world.responder(world.mailbox)
        (initiator, random) = try world.begun(IBAKECall(from: world.anna, to: world.ben))
    }

    private func refused(
        _ octets: [UInt8]? = nil, now: UTCTime? = nil,
        _ change: (inout CommonHeader, inout [Payload]) -> Void = { _, _ in }
    ) throws -> IBAKEError? {
        let octets = try octets ?? MIKEYMessage.changing(initiator.iMessage1, change)
        return refusal { try mailbox.answer(octets, state: nil, now: now ?? world.now, random: random) }
    }

    @Test func octetsThatAreNoMIKEYGetNoMIKEYAnswer() throws {
        let good = initiator.iMessage1
        let unreadable: [[UInt8]] = [[], [1], [2] + good.dropFirst(), good.dropLast(), good + [0]]
        for octets in unreadable {
            let error = try refused(octets)
            #expect(error?.answer == .invalidArgument)
            #expect(error?.message(answering: octets, now: world.now) == nil)
        }
    }

    @Test func theClock() throws {
        for offset in [Int64(-600_000), 600_000] {
            let now = world.now.advanced(byMilliseconds: offset)
            _ = try mailbox.answer(initiator.iMessage1, state: nil, now: now, random: random)
        }
        for offset in [Int64(-600_001), 600_001] {
            let error = try refused(initiator.iMessage1, now: world.now.advanced(byMilliseconds: offset))
            #expect(error?.answer == .error(.invalidTimestamp))
            #expect(error?.description.contains("clock") == true)
        }
    }

    @Test func messagesThatAreNotForAResponder() throws {
        for type in [DataType.rMessage1, .rMessage2, .error, .requestKeyPSK, .requestKeyPKE, .requestKeyResponse] {
            let error = try refused { header, _ in header.dataType = type.rawValue }
            #expect(error == .unexpectedMessage(type.rawValue))
            #expect(error?.answer == .error(.invalidDataType))
        }
        #expect(try refused { header, _ in header.dataType = 0 } == .unexpectedMessage(0))
    }

    @Test func namesThatNobodyHereHas() throws {
        let carol = try Identity("sip:carol@elsewhere.example")
        let error = try refused { $1[3] = .idr(IDRPayload(.responder, carol)) }
        #expect(error == .notServed(carol))
        #expect(error?.answer == .error(.invalidID))
        let own = try refused { $1[2] = .idr(IDRPayload(.initiator, world.mailbox)) }
        #expect(own == .ownName(world.mailbox))
        #expect(own?.answer == .error(.invalidID))
        // A person answers for himself alone.
        let ben = try world.responder(world.ben)
        #expect(
            refusal {
                try ben.answer(
                    MIKEYMessage.changing(initiator.iMessage1) { $1[3] = .idr(IDRPayload(.responder, world.mailbox)) },
                    state: nil, now: world.now, random: random)
            } == .notServed(world.mailbox))
    }

    @Test func updates() throws {
        let error = try refused { $1.removeAll { $0.type == .rand } }
        #expect(error == .update)
        #expect(error?.answer == .error(.unspecified))
    }

    @Test func aSecondMessageWithoutAFirst() throws {
        #expect(try refused { header, _ in header.dataType = DataType.iMessage2.rawValue } == .unknownExchange)
    }

    /// A mailbox that stands in neither parses nor checks an IBAKE that is not for it (docs/protocol.md choice 14).
    @Test func aMailboxDoesNotLookAtWhatIsNotForIt() throws {
        let octets = try MIKEYMessage.changing(initiator.iMessage1) {
            $1[4] = .ibake(EncryptedPayload([1, 2, 3]))
            $1.append(.esk(EncryptedPayload([])))
        }
        let answer = try mailbox.answer(octets, state: nil, now: world.now, random: random)
        #expect(try MIKEYMessage(octets: answer.octets).identity(.responder) == world.mailbox)
    }

    @Test func theErrorMessageEndsNothing() throws {
        let failed = initiator.iMessage1
        let error = try #require(IBAKEError.notServed(world.ben).message(answering: failed, now: world.now))
        let keys = try world.keys(world.anna)
        #expect(
            refusal { try initiator.receive(rMessage1: error, keys: keys, now: world.now, random: random) }
                == .peerError(7))
        // The real answer still counts.
        let answer = try mailbox.answer(failed, state: nil, now: world.now, random: random)
        let second = try initiator.receive(rMessage1: answer.octets, keys: keys, now: world.now, random: random)
        #expect(refusal { try second.receive(rMessage2: error, keys: keys) } == .peerError(7))
        let last = try mailbox.answer(second.iMessage2, state: answer.state, now: world.now, random: random)
        _ = try second.receive(rMessage2: last.octets, keys: keys)
    }

    @Test func whoseKMSNobodyKnowsHasAWrongName() throws {
        let keys = KeyRing(parameters: [])
        let error = refusal {
            try IBAKEInitiator(IBAKECall(from: world.anna, to: world.ben), keys: keys, now: world.now, random: random)
        }
        #expect(error == .noParameters(world.ben))
        #expect(error?.answer == .error(.invalidID))
    }

    /// Every error says what was wrong and is one line.
    @Test func errorsAreWords() throws {
        let errors: [IBAKEError] = [
            .message(.map), .unexpectedMessage(3), .update, .notServed(world.ben), .ownName(world.ben),
            .repeatedWithOtherOctets, .unknownExchange, .noPrivateKey(DatedIdentity(world.ben, on: world.now.day)),
            .undecryptable(payload: "ESK", DatedIdentity(world.ben, on: world.now.day)),
            .chain(payload: "IBAKE", .trailing(offset: 1, count: 1)), .mismatch("ECCPTr"), .wrongMAC,
            .responderNotAccepted(world.ben), .otherCurve(.p256), .peerError(200), .noParameters(world.ben),
            .failure("x"),
        ]
        for error in errors {
            #expect(error.description.count > 10 || error == .failure("x"))
            #expect(!error.description.contains("\n"))
        }
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
