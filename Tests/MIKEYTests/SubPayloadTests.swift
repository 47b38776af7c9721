import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// The chains inside IBAKE, ESK and KEMAC (docs/protocol.md choices 2, 3 and 19).
@Suite struct SubPayloadTests {
    private static func plaintexts(_ payload: String) throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        for level in ["1024", "3072"] {
            let file = try Vector(file: "deferred-\(level).json")
            for exchange in ["exchange", "fetch", "receipt_fetch"] {
                for message in try file[exchange]["messages"].list {
                    for part in try message["encrypted"].list where try part["payload"].text == payload {
                        found.append(try part["plaintext"].octets)
                    }
                }
            }
        }
        return found
    }

    private let anna: Identity
    private let mailbox: Identity

    init() throws {
        anna = try Identity("sip:anna@post.example")
        mailbox = try Identity("sip:mailbox@post.example")
    }

    private func point(_ curve: ECDHCurve, seed: UInt64 = 1) throws -> ECDHPoint {
        try ECDHPrivateKey(curve: curve, random: SeededRandom(seed: seed)).point
    }

    @Test func chainsOfTheVectorsComeBack() throws {
        let chains = try Self.plaintexts("IBAKE")
        #expect(chains.count == 20)
        for octets in chains { #expect(try PointChain(octets: octets).octets == octets) }
        for octets in try Self.plaintexts("ESK") {
            let chain = try SecretKeyChain(octets: SecretBytes(octets))
            #expect(chain.octets == SecretBytes(octets))
            #expect(chain.initiator == anna)
            #expect(chain.curve == .p256)
        }
        let kemac = try Vector(file: "kms-psk-1024.json")["response"]["plaintext"].secret
        let keys = try PrivateKeyChain(octets: kemac)
        #expect(try keys.octets == kemac)
        #expect(
            keys.entries.map { String(decoding: $0.identity, as: UTF8.self) }
                == ["sip:ben@post.example2026-12-01", "sip:ben@post.example2026-12-02"])
    }

    @Test(arguments: ECDHCurve.allCases)
    func pointsOfEveryCurveComeBack(curve: ECDHCurve) throws {
        let chains = [
            PointChain(initiator: anna, initiatorPoint: try point(curve), responder: mailbox),
            PointChain(initiator: anna, responder: mailbox, responderPoint: try point(curve)),
            PointChain(
                initiator: anna, initiatorPoint: try point(curve), responder: mailbox,
                responderPoint: try point(curve, seed: 2)),
            PointChain(initiator: anna, initiatorPoint: try point(curve)),
            PointChain(initiator: anna),
        ]
        for chain in chains { #expect(try PointChain(octets: chain.octets) == chain) }
        // next, curve, point, padding to 32 bits, four octets
        let pointCount = (2 + curve.pointOctetCount + 3) / 4 * 4 + 4
        #expect(chains[3].octets.count == 5 + anna.octets.count + pointCount)
        let sk = try SecretKeyChain(initiator: anna, curve: curve, random: SeededRandom(seed: 3))
        #expect(sk.sk.count == curve.pointOctetCount)
        #expect(try SecretKeyChain(octets: sk.octets) == sk)
    }

    /// An ECCPT at the end of a chain, as an ECCPT of the given octets.
    private func chain(withPoint octets: [UInt8]) -> [UInt8] {
        let head = PointChain(initiator: anna).octets
        return [25] + head.dropFirst() + [0] + octets
    }

    @Test(arguments: ECDHCurve.allCases)
    func compressedPointsAreTakenInAnECCPT(curve: ECDHCurve) throws {
        let point = try point(curve)
        let coordinate = curve.coordinateOctetCount
        let sign: UInt8 = point.uncompressed.last.map { 2 | $0 & 1 } ?? 2
        let compressed = [sign] + point.uncompressed[1..<1 + coordinate]
        let padding = [UInt8](repeating: 0, count: (4 - (3 + coordinate) % 4) % 4)
        let octets = chain(withPoint: [curve.rawValue] + compressed + padding + [0, 0, 0, 0])
        #expect(try PointChain(octets: octets) == PointChain(initiator: anna, initiatorPoint: point))
        if !padding.isEmpty {
            let bad = chain(withPoint: [curve.rawValue] + compressed + padding.dropLast() + [1] + [0, 0, 0, 0])
            #expect(throws: MIKEYError.self) { try PointChain(octets: bad) }
        }
    }

    @Test func keyValidityOneAndTwoAreReadAndIgnored() throws {
        let point = try point(.p256)
        let start = [8] + point.uncompressed + [0]
        let expected = PointChain(initiator: anna, initiatorPoint: point)
        let accepted: [[UInt8]] = [
            [7, 1, 2, 0xf0], [0, 0, 0, 0x01, 3, 1, 2, 3], [0, 0, 0, 0x02, 1, 9, 2, 8, 8], [0, 0, 0, 0x01, 0],
        ]
        for tail in accepted { #expect(try PointChain(octets: chain(withPoint: start + tail)) == expected) }
        for kind in 3...15 as ClosedRange<UInt8> {
            #expect(throws: MIKEYError.self) { try PointChain(octets: chain(withPoint: start + [0, 0, 0, kind])) }
        }
        #expect(throws: MIKEYError.self) { try PointChain(octets: chain(withPoint: start + [0, 0, 0, 1, 3, 1, 2])) }
    }

    @Test func pointsThatAreNoneAreRefused() throws {
        let good = try point(.p256).uncompressed
        var offCurve = good
        offCurve[64] ^= 1
        let sign = 6 | good[64] & 1
        let cases: [(String, [UInt8])] = [
            ("off the curve", [8] + offCurve + [0]), ("infinity", [8, 0, 0]),
            ("padded infinity", [8] + [UInt8](repeating: 0, count: 66)),
            ("hybrid", [8, sign] + good.dropFirst() + [0]), ("another curve", [11] + good + [0]),
            ("unknown curve", [1] + good + [0]), ("coordinate p", [8, 4] + Self.p256Prime + good.suffix(32) + [0]),
            ("no padding", [8] + good), ("padding that is not 0", [8] + good + [1]),
        ]
        for (name, point) in cases {
            #expect(throws: MIKEYError.self, "\(name)") {
                try PointChain(octets: chain(withPoint: point + [0, 0, 0, 0]))
            }
        }
    }

    private static let p256Prime: [UInt8] =
        [UInt8](repeating: 0xff, count: 4) + [0, 0, 0, 1] + [UInt8](repeating: 0, count: 12)
        + [UInt8](repeating: 0xff, count: 12)

    @Test func chainsOfOtherShapesAreRefused() throws {
        // One call each: long sums of array literals take the compiler of Swift 6.0 too long to type.
        func octets(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }
        let point = Array(PointChain(initiator: anna, initiatorPoint: try point(.p256)).octets.dropFirst(26))
        let i: [UInt8] = [1, 1, 0, 21] + anna.octets
        let r: [UInt8] = [2, 1, 0, 24] + mailbox.octets
        let cases: [(String, [UInt8])] = [
            ("r first", octets([0], r)), ("i twice", octets([14], i, [0], i)),
            ("two points", octets([25], i, [25], Array(point.dropFirst()), point)),
            ("a third identity", octets([14], i, [14], r, [0], i)), ("trailing", octets([0], i, [0])), ("empty", []),
            ("names an ESK's payload", octets([24], i, [0], r)),
            ("names one more at its end", octets([14], i, [24], r)), ("cut", octets([25], i)),
        ]
        for (name, octets) in cases {
            #expect(throws: MIKEYError.self, "\(name)") { try PointChain(octets: octets) }
        }
        #expect(try PointChain(octets: [14] + i + [0] + r).responder == mailbox)
    }

    @Test func secretKeysOfOtherFormsAreRefused() throws {
        let good = try SecretKeyChain(initiator: anna, curve: .p256, random: SeededRandom(seed: 1)).octets.exposedCopy()
        let start = 5 + anna.octets.count
        func changed(_ change: (inout [UInt8]) -> Void) -> SecretBytes {
            var octets = good
            change(&octets)
            return SecretBytes(octets)
        }
        let cases: [(String, SecretBytes)] = [
            ("another role", changed { $0[1] = 2 }), ("something behind", changed { $0[start] = 24 }),
            ("another type", changed { $0[start + 1] = 0x20 }), ("key validity", changed { $0[start + 1] = 0x11 }),
            ("another length", changed { $0[start + 3] = 64 }), ("off the curve", changed { $0[start + 68] ^= 1 }),
            ("hybrid", changed { $0[start + 4] = 6 | $0[start + 68] & 1 }), ("trailing", changed { $0.append(0) }),
            ("cut", changed { $0.removeLast() }), ("not an SK", changed { $0[0] = 25 }), ("empty", SecretBytes([])),
            (
                "compressed",
                changed {
                    $0[start + 3] = 33
                    $0[start + 4] = 2 | $0[start + 68] & 1
                    $0.removeSubrange((start + 37)...)
                }
            ),
        ]
        for (name, octets) in cases {
            #expect(throws: MIKEYError.self, "\(name)") { try SecretKeyChain(octets: octets) }
        }
    }

    @Test func aKEMACHolds65535Octets() throws {
        func entry(_ count: Int) -> PrivateKeyChain.Entry {
            let key = SecretBytes([UInt8](repeating: 1, count: count))
            return PrivateKeyChain.Entry(identity: Array("sip:ben@post.example2026-12-01".utf8), privateKey: key)
        }
        // Two heads of 38 octets.
        let most = try PrivateKeyChain([entry(32_000), entry(65_535 - 76 - 32_000)]).octets
        #expect(most.count == 65_535)
        #expect(throws: MIKEYError.tooManyKeys) {
            try PrivateKeyChain([entry(32_000), entry(65_536 - 76 - 32_000)]).octets
        }
        #expect(MIKEYError.tooManyKeys.answer == .unspecified)
    }

    @Test func mutatedChainsAreRefusedOrComeBack() throws {
        var generator = SeededGenerator(seed: 6267)
        let chains = try Self.plaintexts("IBAKE")
        let secrets = try Self.plaintexts("ESK")
        let kemac = try Vector(file: "kms-psk-1024.json")["response"]["plaintext"].octets
        for round in 0..<10_000 {
            let octets = mutated(chains[round % chains.count], using: &generator)
            if let chain = try? PointChain(octets: octets) {
                #expect(try PointChain(octets: chain.octets) == chain)
            }
            let secret = SecretBytes(mutated(secrets[round % secrets.count], using: &generator))
            if let chain = try? SecretKeyChain(octets: secret) { #expect(chain.octets == secret) }
            let keys = SecretBytes(mutated(kemac, using: &generator))
            if let chain = try? PrivateKeyChain(octets: keys) { #expect(try chain.octets == keys) }
        }
    }
}
