import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// Retries, replays and reordering (docs/protocol.md choice 17).
extension SecondRoundTests {
    private func answer(_ octets: [UInt8], _ state: ResponderState?, after: Int64 = 0) throws -> IBAKEResponder.Answer {
        try mailbox.answer(octets, state: state, now: world.now.advanced(byMilliseconds: after), random: random)
    }

    @Test func theSameOctetsGetTheSameAnswer() throws {
        #expect(!opened.isRepeat && !done.isRepeat)
        for (octets, state, expected) in [
            (first.iMessage1, opened.state, opened.octets), (first.iMessage1, done.state, opened.octets),
            (second.iMessage2, done.state, done.octets),
        ] {
            let stored = try ResponderState(serialized: state.serialized)
            let again = try answer(octets, stored, after: 600_000)
            #expect(again.octets == expected)
            #expect(again.isRepeat)
            #expect(again.state == state)
        }
    }

    @Test func aStateIsKeptAsLongAsARepeatCounts() throws {
        #expect(opened.state.expires > world.now.advanced(byMilliseconds: 600_000))
        #expect(done.state.expires > world.now.advanced(byMilliseconds: 601_500))
        // A later repeat is refused for its T, whether the state is still there or not.
        for state in [nil, opened.state, done.state] {
            let error = refusal { try answer(first.iMessage1, state, after: 600_001) }
            #expect(error?.answer == .error(.invalidTimestamp))
        }
    }

    @Test func otherOctetsUnderTheSameNamesAreRefused() throws {
        let other = try MIKEYMessage.changing(first.iMessage1) {
            $1.append(.generalExtension(GeneralExtensionPayload(type: 0, data: [1])))
        }
        for state in [opened.state, done.state] {
            #expect(refusal { try answer(other, state) } == .repeatedWithOtherOctets)
        }
        let changed = try MIKEYMessage.changing(second.iMessage2) { header, _ in header.expectsAnswer.toggle() }
        let error = refusal { try answer(changed, done.state) }
        #expect(error == .repeatedWithOtherOctets)
        #expect(error?.answer == .error(.unspecified))
    }

    /// Whoever starts an exchange under Anna's name and CSB ID gets no further with her session.
    @Test func aStateOfAnotherExchangeIsNotUsed() throws {
        let (other, more) = try world.begun(IBAKECall(from: world.anna, to: world.ben), seed: 9)
        let opening = try mailbox.answer(other.iMessage1, state: nil, now: world.now, random: more)
        #expect(refusal { try answer(second.iMessage2, opening.state) } == .unknownExchange)
    }

    /// A bad I_MESSAGE_2 does not spoil the good one.
    @Test func aRefusedSecondMessageLeavesTheStateAsItWas() throws {
        let before = opened.state.serialized
        let bad = try MIKEYMessage.changing(second.iMessage2) { $1[4] = .ibake(EncryptedPayload([1, 2, 3])) }
        #expect(refusal { try answer(bad, opened.state) }?.answer == .error(.authenticationFailure))
        #expect(opened.state.serialized == before)
        let good = try answer(second.iMessage2, opened.state)
        _ = try second.receive(rMessage2: good.octets, keys: keys)
    }

    /// Two fronts that get the same message at once make two answers: the store keeps one, and the other front
    /// repeats it.
    @Test func whoLosesTheRaceRepeatsTheAnswerThatWon() throws {
        let rival = try answer(first.iMessage1, nil)
        #expect(rival.octets != opened.octets)
        #expect(try answer(first.iMessage1, opened.state).octets == opened.octets)
        // I_MESSAGE_2 for the answer that lost does not open the exchange that won.
        let lost = try first.receive(rMessage1: rival.octets, keys: keys, now: world.now, random: random)
        #expect(refusal { try answer(lost.iMessage2, opened.state) } == .mismatch("ECCPTr inside the IBAKE"))
    }

    @Test func messagesOutOfTurnAreRefusedAndForgotten() throws {
        let now = world.now
        #expect(
            refusal { try first.receive(rMessage1: done.octets, keys: keys, now: now, random: random) }
                == .message(.dataType(25)))
        #expect(refusal { try second.receive(rMessage2: opened.octets, keys: keys) } == .message(.dataType(23)))
        #expect(
            refusal { try first.receive(rMessage1: first.iMessage1, keys: keys, now: now, random: random) }
                == .message(.dataType(22)))
        _ = try second.receive(rMessage2: done.octets, keys: keys)
        // Again: an initiator's value does not change.
        _ = try second.receive(rMessage2: done.octets, keys: keys)
    }

    @Test func theAnswersOfAnotherExchangeAreRefused() throws {
        let (other, more) = try world.begun(IBAKECall(from: world.anna, to: world.ben), seed: 9)
        #expect(
            refusal { try other.receive(rMessage1: opened.octets, keys: keys, now: world.now, random: more) }
                == .message(.changed("CSB ID")))
        // With the right CSB ID its V is still one of other keys.
        let opening = try mailbox.answer(other.iMessage1, state: nil, now: world.now, random: more)
        let round = try other.receive(
            rMessage1: opening.octets, keys: keys, now: world.now.advanced(byMilliseconds: 1500), random: more)
        let forged = try MIKEYMessage.changing(done.octets) { header, _ in header.csbID = other.csbID }
        #expect(refusal { try round.receive(rMessage2: forged, keys: keys) } == .wrongMAC)
    }
}
