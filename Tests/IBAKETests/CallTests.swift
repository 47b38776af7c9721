import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// Who may answer a call, on which curve, under which algorithms and day (docs/protocol.md choices 4, 6, 9, 12, 13,
/// 16).
@Suite struct CallTests {
    let world: World

    init() throws { world = try World() }

    @Test(arguments: ECDHCurve.allCases)
    func anAnsweredCallIsOnTheInitiatorsCurve(curve: ECDHCurve) throws {
        var call = IBAKECall(from: world.anna, to: world.ben)
        call.curve = curve
        let result = try world.run(call, with: world.responder(world.ben))
        #expect(result.outcome == .answered)
        #expect(result.initiator.tgk == result.responder.tgk)
        #expect(result.initiator.esk == nil)
        #expect(!result.initiator.isDeferredOrRedirected)
        #expect(result.responder.initiator == world.anna)
    }

    @Test(arguments: [ECDHCurve.p384, .p521])
    func aMailboxAsksForP256(curve: ECDHCurve) throws {
        var call = IBAKECall(from: world.anna, to: world.ben)
        call.curve = curve
        #expect(refusal { try world.run(call, with: world.responder(world.mailbox)) } == .otherCurve(.p256))
        call.curve = .p256
        #expect(try world.run(call, with: world.responder(world.mailbox), seed: 2).outcome == .deferred)
    }

    @Test func aFetchOfMailMayBeOnAnotherCurve() throws {
        var call = IBAKECall(from: world.ben, to: world.mailbox)
        call.curve = .p521
        #expect(try world.run(call, with: world.responder(world.mailbox)).outcome == .answered)
    }

    @Test func theOlderAlgorithmsOnlyWhereEnabled() throws {
        var call = IBAKECall(from: world.anna, to: world.ben)
        call.suite = .sha1
        let error = refusal { try world.run(call, with: world.responder(world.ben)) }
        #expect(error == .message(.pseudoRandomFunction(0)))
        #expect(error?.answer == .error(.invalidPRF))
        let old = IBAKEResponder(names: [world.ben], keys: try world.keys(world.ben), suites: [.sha1, .sha256])
        let result = try world.run(call, with: old)
        #expect(result.initiator.tgk == result.responder.tgk)
    }

    @Test func aMailboxRepeatsTheMapOfACall() throws {
        var call = IBAKECall(from: world.anna, to: world.ben)
        call.map = try CSIDMap(count: 1, type: .srtp, info: [0, 1, 2, 3, 4, 0, 0, 0, 0])
        let (initiator, random) = try world.begun(call)
        let first = try world.responder(world.mailbox).answer(
            initiator.iMessage1, state: nil, now: world.now, random: random)
        #expect(try MIKEYMessage(octets: first.octets).header.map == call.map)
        #expect(try world.run(call, with: world.responder(world.mailbox)).outcome == .deferred)
    }

    @Test func aMapThatIsNotServedIsRefused() throws {
        var call = IBAKECall(from: world.anna, to: world.ben)
        call.map = try CSIDMap(count: 1, type: .srtp, info: [9, 1, 2, 3, 4, 0, 0, 0, 0])
        let error = refusal { try world.run(call, with: world.responder(world.mailbox)) }
        #expect(error?.answer == .error(.unspecified))
    }

    @Test func namesOfThePolicyMayAnswer() throws {
        let desk = try Identity("sip:ben-desk@post.example")
        var call = IBAKECall(from: world.anna, to: world.ben)
        // Forking: the device has the common key of Ben's as well as one of its own, and answers under its own name.
        let forked = try forkedAnswer(desk)
        let (initiator, random) = try world.begun(call)
        let keys = try world.keys(world.anna)
        #expect(
            refusal {
                try initiator.receive(rMessage1: forked(initiator), keys: keys, now: world.now, random: random)
            } == .responderNotAccepted(desk))
        call.acceptedResponders = [desk]
        let (second, more) = try world.begun(call)
        let round = try second.receive(rMessage1: forked(second), keys: keys, now: world.now, random: more)
        #expect(round.outcome == .forked)
        let message = try MIKEYMessage(octets: round.iMessage2)
        #expect(try message.identity(.responder) == desk)
        #expect(message.esk == nil)
    }

    /// R_MESSAGE_1 under another name with the ECCPTi of I_MESSAGE_1.
    private func forkedAnswer(_ name: Identity) throws -> (IBAKEInitiator) throws -> [UInt8] {
        let benKeys = try world.keys(world.ben)
        return { initiator in
            let received = try MIKEYMessage(octets: initiator.iMessage1)
            let ben = DatedIdentity(world.ben, on: world.now.day)
            let key = try #require(benKeys.privateKeys(for: ben).first)
            let inside = try PointChain(octets: key.decrypt(try #require(received.ibake)).exposedCopy())
            return try answer(
                initiator, as: name, initiatorPoint: inside.initiatorPoint,
                y: ECDHPrivateKey(curve: .p256, random: SeededRandom(seed: 77)).point)
        }
    }

    /// An R_MESSAGE_1 of whoever: nothing authenticates it.
    private func answer(
        _ initiator: IBAKEInitiator, as name: Identity, initiatorPoint: ECDHPoint?, y: ECDHPoint?,
        inside chain: PointChain? = nil
    ) throws -> [UInt8] {
        let received = try MIKEYMessage(octets: initiator.iMessage1)
        let chain =
            chain
            ?? PointChain(
                initiator: world.anna, initiatorPoint: initiatorPoint, responder: name, responderPoint: y)
        let ibake = try world.master.parameters.encrypt(
            chain.octets, to: DatedIdentity(world.anna, on: world.now.day).octets, random: SeededRandom(seed: 5))
        var header = received.header
        header.dataType = DataType.rMessage1.rawValue
        return MIKEYMessage(
            header,
            [
                .timestamp(TimestampPayload(try received.timestamp)), .idr(IDRPayload(.initiator, world.anna)),
                .idr(IDRPayload(.responder, name)), .ibake(EncryptedPayload(ibake)),
            ]
        ).octets
    }

    @Test func othersMayNotAnswer() throws {
        let (initiator, random) = try world.begun(IBAKECall(from: world.anna, to: world.ben))
        let keys = try world.keys(world.anna)
        let y = try ECDHPrivateKey(curve: .p256, random: SeededRandom(seed: 77)).point
        func outcome(_ name: String, _ point: ECDHPoint?) throws -> IBAKEError? {
            let octets = try answer(initiator, as: Identity(name), initiatorPoint: point, y: y)
            return refusal { try initiator.receive(rMessage1: octets, keys: keys, now: world.now, random: random) }
        }
        // Any key of the KMS's could otherwise answer as some mailbox.
        let other = try Identity("sip:mailbox@elsewhere.example")
        #expect(try outcome(other.description, nil) == .responderNotAccepted(other))
        let mallory = try Identity("sip:mallory@post.example")
        #expect(try outcome(mallory.description, nil) == .responderNotAccepted(mallory))
        // Who is called by his own name and cannot open I_MESSAGE_1 answers with an Error.
        #expect(try outcome("sip:ben@post.example", nil)?.answer == .error(.authenticationFailure))
        // ECCPTi that is not the one sent.
        #expect(try outcome("sip:ben@post.example", y) == .mismatch("ECCPTi inside the IBAKE"))
    }

    /// All messages of an exchange have one header but for data type and V flag (docs/protocol.md choice 9).
    @Test func anAnswerHasTheHeaderOfTheCall() throws {
        let (initiator, random) = try world.begun(IBAKECall(from: world.anna, to: world.ben))
        let keys = try world.keys(world.anna)
        let good = try world.responder(world.mailbox).answer(
            initiator.iMessage1, state: nil, now: world.now, random: random
        ).octets
        let map = try CSIDMap(count: 1, type: .srtp, info: [0, 1, 2, 3, 4, 0, 0, 0, 0])
        let changes: [(String, (inout CommonHeader) -> Void)] = [
            ("PRF func", { $0.prf = 0 }), ("CSB ID", { $0.csbID ^= 1 }), ("the CS ID map", { $0.map = map }),
        ]
        for (what, change) in changes {
            let octets = try MIKEYMessage.changing(good) { header, _ in change(&header) }
            let error = refusal {
                try initiator.receive(rMessage1: octets, keys: keys, now: world.now, random: random)
            }
            #expect(error == .message(.changed(what)))
        }
        let later = NTPTimestamp(world.now.advanced(byMilliseconds: 1))
        let octets = try MIKEYMessage.changing(good) { $1[0] = .timestamp(TimestampPayload(later)) }
        #expect(
            refusal { try initiator.receive(rMessage1: octets, keys: keys, now: world.now, random: random) }
                == .message(.changed("T")))
    }

    @Test func namesInsideAreThoseOutside() throws {
        let (initiator, random) = try world.begun(IBAKECall(from: world.anna, to: world.ben))
        let keys = try world.keys(world.anna)
        let y = try ECDHPrivateKey(curve: .p256, random: SeededRandom(seed: 77)).point
        let cases: [(PointChain, String)] = [
            (PointChain(initiator: world.ben, responder: world.mailbox, responderPoint: y), "IDRi inside the IBAKE"),
            (PointChain(initiator: world.anna, responder: world.ben, responderPoint: y), "IDRr inside the IBAKE"),
            (PointChain(initiator: world.anna), "IDRr inside the IBAKE"),
            (PointChain(initiator: world.anna, responder: world.mailbox), "an R_MESSAGE_1 without ECCPTr"),
        ]
        for (chain, what) in cases {
            let octets = try answer(initiator, as: world.mailbox, initiatorPoint: nil, y: nil, inside: chain)
            let error = refusal {
                try initiator.receive(rMessage1: octets, keys: keys, now: world.now, random: random)
            }
            #expect(error == .mismatch(what))
        }
    }

    @Test func aMailboxThatWasNotCalledCannotKnowThePoint() throws {
        let (initiator, random) = try world.begun(IBAKECall(from: world.anna, to: world.ben))
        let octets = try forkedAnswer(world.mailbox)(initiator)
        let error = refusal {
            try initiator.receive(
                rMessage1: octets, keys: world.keys(world.anna), now: world.now, random: random)
        }
        #expect(error == .mismatch("an R_MESSAGE_1 of the mailbox with ECCPTi"))
    }

    @Test func redirectionBringsAnESKForTheOneCalled() throws {
        let carol = try Identity("sip:carol@post.example")
        var call = IBAKECall(from: world.anna, to: world.ben)
        call.acceptedResponders = [carol]
        let (initiator, random) = try world.begun(call)
        let y = try ECDHPrivateKey(curve: .p256, random: SeededRandom(seed: 77)).point
        let octets = try answer(initiator, as: carol, initiatorPoint: nil, y: y)
        let round = try initiator.receive(
            rMessage1: octets, keys: world.keys(world.anna), now: world.now, random: random)
        #expect(round.outcome == .redirected)
        let esk = try #require(try MIKEYMessage(octets: round.iMessage2).esk)
        let ben = DatedIdentity(world.ben, on: world.now.day)
        #expect(try SecretKeyChain(opening: esk, as: ben, keys: world.keys(world.ben)).initiator == world.anna)
    }

    /// Over midnight one exchange needs the keys of two days.
    @Test func overMidnight() throws {
        let midnight = UTCDay(number: world.now.day.number + 1).start
        let before = midnight.advanced(byMilliseconds: -500)
        let after = midnight.advanced(byMilliseconds: 700)
        let days = [before.day, after.day]
        let keys = try world.keys(world.anna, days: days)
        let mailbox = try world.responder(world.mailbox, days: days)
        let random = SeededRandom(seed: 4)
        let initiator = try IBAKEInitiator(
            IBAKECall(from: world.anna, to: world.ben), keys: keys, now: before, random: random)
        let first = try mailbox.answer(initiator.iMessage1, state: nil, now: before, random: random)
        let second = try initiator.receive(rMessage1: first.octets, keys: keys, now: after, random: random)
        let last = try mailbox.answer(second.iMessage2, state: first.state, now: after, random: random)
        let session = try second.receive(rMessage2: last.octets, keys: keys)
        #expect(session.tgk == last.state.session?.tgk)
        #expect(session.timestamp.time == after)
        // The ESK is for the day of the T that is kept beside it.
        let ben = DatedIdentity(world.ben, on: after.day)
        let kept = try #require(last.state.session?.esk)
        #expect(kept.timestamp.time.day == after.day)
        let own = try #require(session.secretKey)
        #expect(kept.isDigest(of: own.esk))
        #expect(!kept.isDigest(of: own.esk + [0]))
        #expect(
            try SecretKeyChain(opening: own.esk, as: ben, keys: world.keys(world.ben, days: days)).sk == own.octets)
        // With the keys of the first day alone the second message does not open.
        let late = try world.responder(world.mailbox, days: [before.day])
        #expect(
            refusal { try late.answer(second.iMessage2, state: first.state, now: after, random: random) }
                == .noPrivateKey(DatedIdentity(world.mailbox, on: after.day)))
    }

    @Test func aClockThatStandsStillStillGivesALaterT() throws {
        let result = try world.run(IBAKECall(from: world.anna, to: world.ben), with: world.responder(world.mailbox))
        #expect(NTPTimestamp(world.now) < result.initiator.timestamp)
    }

    /// While two serials are valid the sender takes the higher that it knows, and the recipient tries both
    /// (docs/protocol.md choice 1).
    @Test func twoSerials() throws {
        let newer = try World(level: "3072")
        let both = [newer.master, world.master]
        func keys(_ name: Identity, parameters: [BFPublicParameters]) throws -> KeyRing {
            var keys = KeyRing(parameters: parameters)
            for master in both { try keys.add(master.extract(DatedIdentity(name, on: world.now.day).octets)) }
            return keys
        }
        let mailbox = IBAKEResponder(
            names: [world.mailbox], keys: try keys(world.mailbox, parameters: both.map(\.parameters)))
        let call = IBAKECall(from: world.anna, to: world.mailbox)
        for known in [both.map(\.parameters), [world.master.parameters]] {
            let anna = try keys(world.anna, parameters: known)
            #expect(try world.run(call, with: mailbox, keys: anna).outcome == .answered)
        }
    }

    /// Two domains of two KMSs: each party encrypts under the other's parameters.
    @Test func twoKMSs() throws {
        let other = try World(level: "3072")
        let carol = try Identity("sip:carol@elsewhere.example")
        let mailbox = try Identity("sip:mailbox@elsewhere.example")
        var anna = try world.keys(world.anna)
        anna.setParameters([other.master.parameters], forDomain: "elsewhere.example")
        var there = try other.keys(mailbox)
        there.setParameters([world.master.parameters], forDomain: "post.example")
        let responder = IBAKEResponder(names: [mailbox], keys: there)
        let result = try world.run(IBAKECall(from: world.anna, to: carol), with: responder, keys: anna)
        #expect(result.outcome == .deferred)
        // Without the other domain's parameters nothing opens.
        let error = refusal {
            try world.run(IBAKECall(from: world.anna, to: mailbox), with: responder, keys: world.keys(world.anna))
        }
        #expect(error == .undecryptable(payload: "IBAKE", DatedIdentity(mailbox, on: world.now.day)))
    }
}
