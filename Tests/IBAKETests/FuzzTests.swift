import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// Mutated octets at every door of the module.
@Suite struct FuzzTests {
    @Test(arguments: ["exchange", "fetch"])
    func storedStatesAreRefusedOrReadWhole(name: String) throws {
        let exchange = try Exchange("1024", name)
        let random = try exchange.responderDraws()
        let first = try exchange.opened(random)
        let second = try exchange.mailbox.answer(
            exchange.octets(2), state: first.state, now: exchange.clock(3), random: random)
        let session = try #require(second.state.session)
        var generator = SeededGenerator(seed: 17)
        for stored in [first.state.serialized.exposedCopy(), second.state.serialized.exposedCopy()] {
            for _ in 0..<3000 {
                let octets = SecretBytes(mutated(stored, using: &generator))
                if let state = try? ResponderState(serialized: octets) { #expect(state.serialized == octets) }
            }
            for count in 0..<stored.count {
                #expect(throws: CorruptState.self) { try ResponderState(serialized: SecretBytes(stored.prefix(count))) }
            }
            #expect(throws: CorruptState.self) { try ResponderState(serialized: SecretBytes(stored + [0])) }
        }
        let stored = session.serialized.exposedCopy()
        for _ in 0..<3000 {
            let octets = SecretBytes(mutated(stored, using: &generator))
            if let session = try? EstablishedSession(serialized: octets) { #expect(session.serialized == octets) }
        }
        for count in 0..<stored.count {
            #expect(throws: CorruptState.self) { try EstablishedSession(serialized: SecretBytes(stored.prefix(count))) }
        }
    }

    @Test func storedPartsMustBelongTogether() throws {
        let exchange = try Exchange("1024", "exchange")
        let random = try exchange.responderDraws()
        let first = try exchange.opened(random)
        let second = try exchange.mailbox.answer(
            exchange.octets(2), state: first.state, now: exchange.clock(3), random: random)
        // The CSB ID outside, and not that of the session inside.
        var state = second.state.serialized.exposedCopy()
        state[1] ^= 1
        #expect(throws: CorruptState.self) { try ResponderState(serialized: SecretBytes(state)) }
        // TGK of 33 octets.
        let session = try #require(second.state.session)
        var octets = session.serialized.exposedCopy()
        let names = [session.initiator, session.called, session.responder].reduce(0) { $0 + 4 + $1.octets.count }
        let place = 1 + 4 + 8 + 32 + names
        #expect(Array(octets[place..<place + 4]) == [0, 0, 0, 32])
        octets[place + 3] = 33
        octets.insert(0, at: place + 4)
        #expect(throws: CorruptState.self) { try EstablishedSession(serialized: SecretBytes(octets)) }
    }

    @Test(arguments: ["exchange", "fetch"])
    func mutatedMessagesToTheResponder(name: String) throws {
        let exchange = try Exchange("1024", name)
        let now = try exchange.clock(2)
        let draws = try exchange.responderDraws()
        let first = try exchange.opened(draws)
        let random = SeededRandom(seed: 18)
        var generator = SeededGenerator(seed: 19)
        var refused = 0
        for index in [0, 2] {
            let state = index == 0 ? nil : first.state
            for _ in 0..<400 {
                let octets = mutated(try exchange.octets(index), using: &generator)
                do throws(IBAKEError) {
                    let answer = try exchange.mailbox.answer(octets, state: state, now: now, random: random)
                    let again = try exchange.mailbox.answer(
                        octets, state: answer.state, now: now, random: random)
                    #expect(again.octets == answer.octets && again.isRepeat)
                } catch {
                    refused += 1
                    #expect(error.answer != .internalFailure)
                    let answer = error.message(answering: octets, now: now)
                    #expect((answer == nil) == (error.answer == .invalidArgument))
                }
            }
        }
        #expect(refused > 400 && refused < 800)
    }

    /// V covers all of R_MESSAGE_2 and of the KMS's answer: whatever is changed in them, nothing is taken.
    @Test func nothingChangedPassesV() throws {
        var generator = SeededGenerator(seed: 20)
        for name in ["exchange", "fetch"] {
            let exchange = try Exchange("1024", name)
            let random = try exchange.initiatorDraws()
            let second = try exchange.begun(random).receive(
                rMessage1: exchange.octets(1), keys: exchange.keys, now: exchange.clock(2), random: random)
            let good = try exchange.octets(3)
            for _ in 0..<3000 {
                let octets = mutated(good, using: &generator)
                guard octets != good else { continue }
                #expect(throws: IBAKEError.self) { try second.receive(rMessage2: octets, keys: exchange.keys) }
            }
        }
        let vector = try Vector(file: "kms-psk-1024.json")
        let request = try KeyRequest(
            vector["requested"].list.map { try DatedIdentity(octets: Array($0.text.utf8)) },
            kms: Identity(vector["kms"].text), preSharedKeyName: Array(vector["psk_name"].text.utf8),
            preSharedKey: vector["psk"].secret, now: vector["clock"].time,
            random: ScriptedRandom([vector["csb_id"].octets, vector["rand"].octets]))
        let good = try vector["response"]["octets"].octets
        for _ in 0..<3000 {
            let octets = mutated(good, using: &generator)
            guard octets != good else { continue }
            #expect(throws: IBAKEError.self) { try request.receive(octets, parameters: []) }
        }
    }

    @Test func mutatedAnswersToTheInitiator() throws {
        var generator = SeededGenerator(seed: 21)
        for name in ["exchange", "fetch"] {
            let exchange = try Exchange("1024", name)
            let now = try exchange.clock(2)
            let original = try exchange.octets(1)
            let first = try exchange.begun(exchange.initiatorDraws())
            let random = SeededRandom(seed: 22)
            for _ in 0..<300 {
                let octets = mutated(original, using: &generator)
                // Only what nothing protects may change and pass: the V flag of HDR.
                if (try? first.receive(rMessage1: octets, keys: exchange.keys, now: now, random: random)) != nil {
                    #expect(octets.count == original.count)
                    #expect(zip(octets, original).enumerated().allSatisfy { $0 == 3 || $1.0 == $1.1 })
                }
            }
        }
    }

    @Test func mutatedKeyRequests() throws {
        let vector = try Vector(file: "kms-psk-1024.json")
        let good = try vector["request"]["octets"].octets
        let kms = try Identity(vector["kms"].text)
        let now = try vector["clock"].time
        let psk = try vector["psk"].secret
        var generator = SeededGenerator(seed: 23)
        for _ in 0..<3000 {
            let octets = mutated(good, using: &generator)
            guard octets != good else { continue }
            #expect(throws: IBAKEError.self) {
                try ReceivedKeyRequest(octets, kms: kms, now: now).authenticated(by: psk)
            }
        }
    }
}
