import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// I_MESSAGE_2 at the mailbox and R_MESSAGE_2 at the initiator of a deferred delivery.
@Suite struct SecondRoundTests {
    let world: World
    let keys: KeyRing
    let mailbox: IBAKEResponder
    let random: SeededRandom
    let first: IBAKEInitiator
    let opened: IBAKEResponder.Answer
    let second: IBAKEInitiator.SecondRound
    let done: IBAKEResponder.Answer

    init() throws {
        world = try World()
        keys = try world.keys(world.anna)
        mailbox = try world.responder(world.mailbox)
        (first, random) = try world.begun(IBAKECall(from: world.anna, to: world.ben))
        opened = try mailbox.answer(first.iMessage1, state: nil, now: world.now, random: random)
        second = try first.receive(
            rMessage1: opened.octets, keys: keys, now: world.now.advanced(byMilliseconds: 1500), random: random)
        done = try mailbox.answer(second.iMessage2, state: opened.state, now: world.now, random: random)
    }

    private func refused(
        _ change: (inout CommonHeader, inout [Payload]) -> Void
    ) throws -> IBAKEError? {
        let octets = try MIKEYMessage.changing(second.iMessage2, change)
        return refusal { try mailbox.answer(octets, state: opened.state, now: world.now, random: random) }
    }

    @Test func whatTheFirstRoundFixed() throws {
        #expect(
            try refused { header, _ in
                header.map = (try? CSIDMap(count: 1, type: .srtp, info: [0, 1, 2, 3, 4, 0, 0, 0, 0])) ?? .empty
            } == .message(.changed("the CS ID map")))
        #expect(try refused { header, _ in header.prf = 0 } == .message(.pseudoRandomFunction(0)))
        #expect(
            try refused { $1[1] = .rand(RandPayload([UInt8](repeating: 1, count: 16))) } == .message(.changed("RAND")))
        #expect(try refused { $1[3] = .idr(IDRPayload(.responder, world.ben)) } == .message(.changed("IDRr")))
        #expect(try refused { $1.removeLast() } == .message(.missing("ESK")))
        #expect(
            try refused {
                $1.removeLast()
                $1.append(.esk(EncryptedPayload([])))
            } == .message(.missing("ESK")))
        #expect(try refused { $1.remove(at: 4) } == .message(.missing("IBAKE")))
    }

    @Test func theAlgorithmsStayThoseOfTheFirstMessage() throws {
        let both = IBAKEResponder(
            names: [world.mailbox], keys: try world.keys(world.mailbox), suites: [.sha1, .sha256])
        let octets = try MIKEYMessage.changing(second.iMessage2) { header, _ in header.prf = 0 }
        #expect(
            refusal { try both.answer(octets, state: opened.state, now: world.now, random: random) }
                == .message(.changed("PRF func")))
    }

    @Test func tIsStrictlyLater() throws {
        let sent = NTPTimestamp(world.now)
        for raw in [sent.rawValue, sent.rawValue - 1] {
            let error = try refused { $1[0] = .timestamp(TimestampPayload(NTPTimestamp(rawValue: raw))) }
            #expect(error == .message(.timestampNotLater))
            #expect(error?.answer == .error(.invalidTimestamp))
        }
        let late = NTPTimestamp(world.now.advanced(byMilliseconds: 600_001))
        #expect(try refused { $1[0] = .timestamp(TimestampPayload(late)) }?.answer == .error(.invalidTimestamp))
    }

    /// An I_MESSAGE_2 with any plaintext, and the rest of the real one.
    private func refused(plaintext: PointChain) throws -> IBAKEError? {
        let octets = try world.crafted(
            .iMessage2, from: world.anna, to: world.mailbox, csbID: first.csbID,
            rand: MIKEYMessage(octets: second.iMessage2).rand,
            timestamp: NTPTimestamp(world.now.advanced(byMilliseconds: 1500)), plaintext: plaintext.octets, esk: [1])
        return refusal { try mailbox.answer(octets, state: opened.state, now: world.now, random: random) }
    }

    @Test func theChainOfASecondMessage() throws {
        let x = try ECDHPrivateKey(curve: .p256, random: SeededRandom(seed: 8)).point
        let other = try ECDHPrivateKey(curve: .p384, random: SeededRandom(seed: 8)).point
        // yP as Anna found it: only who opened R_MESSAGE_1 has it.
        let anna = DatedIdentity(world.anna, on: world.now.day)
        let key = try #require(keys.privateKeys(for: anna).first)
        let inside = try PointChain(
            octets: key.decrypt(try #require(MIKEYMessage(octets: opened.octets).ibake)).exposedCopy())
        let y = try #require(inside.responderPoint)
        func chain(
            _ ci: ECDHPoint?, _ cr: ECDHPoint?, i: Identity? = nil, r: Identity? = nil
        ) -> PointChain {
            PointChain(
                initiator: i ?? world.anna, initiatorPoint: ci, responder: r ?? world.mailbox, responderPoint: cr)
        }
        #expect(try refused(plaintext: chain(x, x)) == .mismatch("ECCPTr inside the IBAKE"))
        #expect(try refused(plaintext: chain(x, nil)) == .mismatch("ECCPTr inside the IBAKE"))
        #expect(try refused(plaintext: chain(x, y, i: world.ben)) == .mismatch("IDRi inside the IBAKE"))
        #expect(try refused(plaintext: chain(x, y, r: world.ben)) == .mismatch("IDRr inside the IBAKE"))
        #expect(try refused(plaintext: chain(nil, y)) == .mismatch("an I_MESSAGE_2 to a mailbox without ECCPTi"))
        #expect(try refused(plaintext: chain(other, y)) == .mismatch("the curve of ECCPTi inside the IBAKE"))
    }

    @Test func whoIsCalledGetsNoPointTwice() throws {
        let call = IBAKECall(from: world.anna, to: world.mailbox)
        let (initiator, more) = try world.begun(call, seed: 6)
        let answer = try mailbox.answer(initiator.iMessage1, state: nil, now: world.now, random: more)
        let anna = DatedIdentity(world.anna, on: world.now.day)
        let key = try #require(keys.privateKeys(for: anna).first)
        let inside = try PointChain(
            octets: key.decrypt(try #require(MIKEYMessage(octets: answer.octets).ibake)).exposedCopy())
        let octets = try world.crafted(
            .iMessage2, from: world.anna, to: world.mailbox, csbID: initiator.csbID,
            rand: MIKEYMessage(octets: initiator.iMessage1).rand,
            timestamp: NTPTimestamp(world.now.advanced(byMilliseconds: 1500)), plaintext: inside.octets)
        #expect(
            refusal { try mailbox.answer(octets, state: answer.state, now: world.now, random: more) }
                == .mismatch("an I_MESSAGE_2 with an ECCPTi that R_MESSAGE_1 had brought back"))
    }

    /// An ESK of I_MESSAGE_1 is kept with its T; one of I_MESSAGE_2 replaces both (docs/protocol.md choice 15).
    @Test func theLatestESKIsKept() throws {
        let sent = try #require(try MIKEYMessage(octets: second.iMessage2).esk)
        #expect(done.state.session?.esk?.digest == HashFunction.sha256.hash(sent))
        let early: [UInt8] = [1, 2, 3]
        let call = IBAKECall(from: world.anna, to: world.mailbox)
        let (initiator, more) = try world.begun(call, seed: 6)
        let withESK = try MIKEYMessage.changing(initiator.iMessage1) { $1.append(.esk(EncryptedPayload(early))) }
        let answer = try mailbox.answer(withESK, state: nil, now: world.now, random: more)
        let later = world.now.advanced(byMilliseconds: 1500)
        let round = try initiator.receive(rMessage1: answer.octets, keys: keys, now: later, random: more)
        let stored = try ResponderState(serialized: answer.state.serialized)
        let kept = try mailbox.answer(round.iMessage2, state: stored, now: world.now, random: more).state.session?.esk
        #expect(kept?.digest == HashFunction.sha256.hash(early))
        #expect(kept?.timestamp == NTPTimestamp(world.now))
        let replacing = try MIKEYMessage.changing(round.iMessage2) { $1.append(.esk(EncryptedPayload([9]))) }
        let replaced = try mailbox.answer(replacing, state: stored, now: world.now, random: more).state.session?.esk
        #expect(replaced?.digest == HashFunction.sha256.hash([9]))
        #expect(replaced?.timestamp == NTPTimestamp(later))
        let empty = try MIKEYMessage.changing(round.iMessage2) { $1.append(.esk(EncryptedPayload([]))) }
        let unchanged = try mailbox.answer(empty, state: stored, now: world.now, random: more).state.session?.esk
        #expect(unchanged == kept)
    }

    /// What a responder remembers outlives the envelopes: no octet of an ESK is in it, whichever message brought it.
    @Test func noESKIsInTheState() throws {
        let sent = try #require(try MIKEYMessage(octets: second.iMessage2).esk)
        let early = [UInt8](repeating: 0xe5, count: 300)
        let (initiator, more) = try world.begun(IBAKECall(from: world.anna, to: world.mailbox), seed: 6)
        let withESK = try MIKEYMessage.changing(initiator.iMessage1) { $1.append(.esk(EncryptedPayload(early))) }
        let first = try mailbox.answer(withESK, state: nil, now: world.now, random: more)
        for (state, esk) in [(done.state, sent), (first.state, early)] {
            let octets = state.serialized.exposedCopy()
            for start in stride(from: 0, to: esk.count - 8, by: 8) {
                #expect(octets.firstRange(of: esk[start..<start + 8]) == nil)
            }
        }
    }

    private func refusedProof(_ change: (inout CommonHeader, inout [Payload]) -> Void) throws -> IBAKEError? {
        let octets = try MIKEYMessage.changing(done.octets, change)
        return refusal { try second.receive(rMessage2: octets, keys: keys) }
    }

    @Test func whatVDoesNotProveIsRefused() throws {
        #expect(try refusedProof { header, _ in header.expectsAnswer = true } == .wrongMAC)
        #expect(
            try refusedProof { $1[0] = .timestamp(TimestampPayload(NTPTimestamp(world.now))) }
                == .message(.changed("T")))
        #expect(try refusedProof { $1[1] = .idr(IDRPayload(.initiator, world.ben)) } == .message(.changed("IDRi")))
        #expect(try refusedProof { $1[2] = .idr(IDRPayload(.responder, world.ben)) } == .message(.changed("IDRr")))
        #expect(try refusedProof { $1[3] = .ibake(EncryptedPayload([1])) } == .wrongMAC)
        #expect(try refusedProof { $1.remove(at: 1) } == .wrongMAC)
        #expect(
            try refusedProof { $1.insert(.generalExtension(GeneralExtensionPayload(type: 0, data: [])), at: 0) }
                == .wrongMAC)
        #expect(try refusedProof { $1.removeLast() } == .message(.missing("V")))
    }

    @Test func vIsOfTheInitiatorsAlgorithm() throws {
        for (algorithm, count) in [(0, 0), (1, 20)] as [(UInt8, Int)] {
            var octets = Array(done.octets.dropLast(33))
            octets.append(algorithm)
            octets += [UInt8](repeating: 0, count: count)
            let error = refusal { try second.receive(rMessage2: octets, keys: keys) }
            #expect(error == .message(.macAlgorithm(algorithm == 0 ? .null : .hmacSHA1)))
            #expect(error?.answer == .error(.invalidMAC))
        }
    }

    /// Who knows the keys (here from the mailbox's session) may leave out identities, and may not leave out IBAKE.
    @Test func identitiesMayBeLeftOut() throws {
        let short = try resigned { $0.removeAll { $0.type == .idr } }
        #expect(try second.receive(rMessage2: short, keys: keys).tgk == done.state.session?.tgk)
        let bare = try resigned { $0.removeAll { $0.type == .ibake } }
        #expect(refusal { try second.receive(rMessage2: bare, keys: keys) } == .message(.missing("IBAKE")))
        let swapped = try resigned(identities: [world.mailbox, world.anna]) { _ in }
        #expect(refusal { try second.receive(rMessage2: swapped, keys: keys) } == .wrongMAC)
        let other = try world.master.parameters.encrypt(
            PointChain(
                initiator: world.anna,
                initiatorPoint: ECDHPrivateKey(curve: .p256, random: SeededRandom(seed: 1)).point
            ).octets, to: DatedIdentity(world.anna, on: world.now.day).octets, random: SeededRandom(seed: 2))
        let wrong = try resigned { $0[3] = .ibake(EncryptedPayload(other)) }
        #expect(
            refusal { try second.receive(rMessage2: wrong, keys: keys) }
                == .mismatch("IDRi or ECCPTi inside the IBAKE"))
    }

    /// R_MESSAGE_2 changed and with a V of the right key, which only the two parties can make.
    private func resigned(
        identities: [Identity]? = nil, _ change: (inout [Payload]) -> Void
    ) throws -> [UInt8] {
        let key = try authenticationKey(point: mailboxPoint())
        let message = try MIKEYMessage(octets: done.octets)
        var payloads = Array(message.payloads.dropLast())
        change(&payloads)
        return MIKEYMessage(message.header, payloads).authenticated(
            key: key, suite: .sha256, identities: (identities ?? [world.anna, world.mailbox]).map(\.octets)
        ).octets
    }

    /// [x2][y]P: what the mailbox computes, from its key and its state.
    private func mailboxPoint() throws -> SecretBytes {
        let dated = DatedIdentity(world.mailbox, on: world.now.day)
        let key = try #require(world.keys(world.mailbox).privateKeys(for: dated).first)
        let inside = try PointChain(
            octets: key.decrypt(try #require(MIKEYMessage(octets: second.iMessage2).ibake)).exposedCopy())
        return try y().sharedPoint(with: try #require(inside.initiatorPoint))
    }

    /// y, which the seed gives again.
    private func y() throws -> ECDHPrivateKey {
        let again = SeededRandom(seed: 1)
        _ = again.secretOctets(4)
        _ = again.secretOctets(16)
        _ = try ECDHPrivateKey(curve: .p256, random: again)
        _ = again.secretOctets(20)
        return try ECDHPrivateKey(curve: .p256, random: again)
    }

    private func authenticationKey(point: SecretBytes) throws -> SecretBytes {
        let message = try MIKEYMessage(octets: second.iMessage2)
        return SessionKeys(
            kSession: point, csbID: message.header.csbID, rand: try message.rand, suite: .sha256
        ).authenticationKey
    }

    /// Whoever opens I_MESSAGE_1 knows the xP that went out for Ben, and can answer as the mailbox with a y of his
    /// own. V from that xP must not pass: the point of I_MESSAGE_2 is a new one (docs/protocol.md choice 15).
    @Test func whoOpensTheFirstMessageIsNotTheMailbox() throws {
        let ben = DatedIdentity(world.ben, on: world.now.day)
        let key = try #require(world.keys(world.ben).privateKeys(for: ben).first)
        let stolen = try PointChain(
            octets: key.decrypt(try #require(MIKEYMessage(octets: first.iMessage1).ibake)).exposedCopy())
        let x = try #require(stolen.initiatorPoint)
        let forged = try authenticationKey(point: y().sharedPoint(with: x))
        let message = try MIKEYMessage(octets: done.octets)
        let octets = MIKEYMessage(message.header, message.payloads.dropLast()).authenticated(
            key: forged, suite: .sha256, identities: [world.anna.octets, world.mailbox.octets]
        ).octets
        #expect(refusal { try second.receive(rMessage2: octets, keys: keys) } == .wrongMAC)
    }
}
