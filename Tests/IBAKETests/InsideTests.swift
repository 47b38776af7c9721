import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// What is found only after decryption, or by a MAC: always Error 0, with the same octets (docs/protocol.md choice 18).
@Suite struct InsideTests {
    let world: World
    let mailbox: IBAKEResponder
    let random = SeededRandom(seed: 31)
    let point: ECDHPoint

    init() throws {
        world = try World()
        mailbox = try world.responder(world.mailbox)
        point = try ECDHPrivateKey(curve: .p256, random: SeededRandom(seed: 8)).point
    }

    /// I_MESSAGE_1 from Ben to the mailbox with any plaintext.
    private func fetching(_ plaintext: [UInt8], timestamp: NTPTimestamp? = nil) throws -> [UInt8] {
        try world.crafted(
            .iMessage1, from: world.ben, to: world.mailbox, timestamp: timestamp, plaintext: plaintext)
    }

    private func refused(_ plaintext: [UInt8]) throws -> IBAKEError? {
        let octets = try fetching(plaintext)
        return refusal { try mailbox.answer(octets, state: nil, now: world.now, random: random) }
    }

    private func chain(_ point: ECDHPoint?) -> PointChain {
        PointChain(initiator: world.ben, initiatorPoint: point, responder: world.mailbox)
    }

    /// The chain of I_MESSAGE_1 with other octets from ECC curve to the padding's end.
    private func chain(withPoint octets: [UInt8]) -> [UInt8] {
        let good = chain(point).octets
        let start = 5 + world.ben.octets.count + 1
        return Array([good[..<start], octets[...], good[(start + 67)...]].joined())
    }

    @Test func aWellMadeChainIsAnswered() throws {
        let octets = try fetching(chain(withPoint: [8] + point.uncompressed + [0]))
        _ = try mailbox.answer(octets, state: nil, now: world.now, random: random)
        let sign = 2 | point.uncompressed[64] & 1
        let compressed = try fetching(chain(withPoint: [8, sign] + point.uncompressed[1...32] + [0]))
        _ = try mailbox.answer(compressed, state: nil, now: world.now, random: random)
    }

    @Test func pointsThatAreNone() throws {
        var offCurve = point.uncompressed
        offCurve[64] ^= 1
        let cases: [(String, [UInt8])] = [
            ("off the curve", [8] + offCurve + [0]), ("infinity", [8] + [UInt8](repeating: 0, count: 66)),
            ("hybrid", [8, 6 | point.uncompressed[64] & 1] + point.uncompressed.dropFirst() + [0]),
            ("on another curve", [14] + point.uncompressed + [0]), ("P-192", [1] + point.uncompressed + [0]),
            ("padding", [8] + point.uncompressed + [1]),
        ]
        for (name, octets) in cases {
            let error = try refused(chain(withPoint: octets))
            guard case .chain(payload: "IBAKE", _) = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
            #expect(error?.answer == .error(.authenticationFailure), "\(name)")
        }
    }

    @Test func namesThatAreNotThoseOutside() throws {
        let cases: [(PointChain, String)] = [
            (
                PointChain(initiator: world.anna, initiatorPoint: point, responder: world.mailbox),
                "IDRi inside the IBAKE"
            ),
            (PointChain(initiator: world.ben, initiatorPoint: point, responder: world.anna), "IDRr inside the IBAKE"),
            (PointChain(initiator: world.ben, initiatorPoint: point), "IDRr inside the IBAKE"),
            (chain(nil), "an I_MESSAGE_1 with other points than ECCPTi"),
            (
                PointChain(
                    initiator: world.ben, initiatorPoint: point, responder: world.mailbox, responderPoint: point),
                "an I_MESSAGE_1 with other points than ECCPTi"
            ),
        ]
        for (plaintext, what) in cases {
            let error = try refused(plaintext.octets)
            #expect(error == .mismatch(what))
            #expect(error?.answer == .error(.authenticationFailure))
        }
    }

    /// One day's ciphertext under another day's T, and another KMS's ciphertext, do not open.
    @Test func wrongDateAndWrongKMS() throws {
        let tomorrow = world.now.day.advanced(by: 1).start.advanced(byMilliseconds: 1000)
        let today = tomorrow.advanced(byMilliseconds: -2000)
        let plaintext = chain(point).octets
        let octets = try MIKEYMessage.changing(fetching(plaintext, timestamp: NTPTimestamp(today))) {
            $1[0] = .timestamp(TimestampPayload(NTPTimestamp(tomorrow)))
        }
        let both = try world.responder(world.mailbox, days: [today.day, tomorrow.day])
        let dated = DatedIdentity(world.mailbox, on: tomorrow.day)
        #expect(
            refusal { try both.answer(octets, state: nil, now: tomorrow, random: random) }
                == .undecryptable(payload: "IBAKE", dated))
        let one = try world.responder(world.mailbox, days: [today.day])
        #expect(refusal { try one.answer(octets, state: nil, now: tomorrow, random: random) } == .noPrivateKey(dated))

        let elsewhere = try World(level: "3072")
        let foreign = try elsewhere.crafted(.iMessage1, from: world.ben, to: world.mailbox, plaintext: plaintext)
        #expect(
            refusal { try mailbox.answer(foreign, state: nil, now: world.now, random: random) }
                == .undecryptable(payload: "IBAKE", DatedIdentity(world.mailbox, on: world.now.day)))
    }

    /// Whatever a private key or a MAC decides, the sender sees the same octets.
    @Test func oneErrorForEveryCause() throws {
        let octets = try fetching(chain(point).octets)
        let dated = DatedIdentity(world.mailbox, on: world.now.day)
        let errors: [IBAKEError] = [
            .noPrivateKey(dated), .undecryptable(payload: "IBAKE", dated), .chain(payload: "IBAKE", .malformed("x")),
            .mismatch("x"), .wrongMAC,
        ]
        let answers = errors.map { $0.message(answering: octets, now: world.now) }
        #expect(Set(answers).count == 1)
        let answer = try #require(answers[0])
        #expect(hexadecimal(answer) == "01060501000000070001" + "0c00eeb9121880000000" + "00000000")
    }
}
