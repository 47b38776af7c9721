import IdentityBasedEncryption
import Primitives
import SupersingularPairing
import TestVectors
import Testing

/// Master keys of Tests/Vectors/parameters.json, one a level.
func masterKey(_ level: SecurityLevel) throws -> BFMasterKey {
    let entries = try Vector(file: "parameters.json")["levels"].list
    let entry = try #require(entries.first { try $0["level"].number == level.rawValue })
    return try BFMasterKey(
        parameters: BFPublicParameters(der: entry["BFPublicParameters"].octets),
        secret: BFMasterSecret(der: entry["BFMasterSecret"].secret))
}

let ben = Array("sip:ben@post.example2026-12-01".utf8)
let anna = Array("sip:anna@post.example2026-12-01".utf8)

@Suite("Encryption to identities")
struct RoundTripTests {
    @Test("What is encrypted is decrypted, at every level and length", arguments: SecurityLevel.allCases)
    func roundTrip(level: SecurityLevel) throws {
        let master = try masterKey(level)
        #expect(master.parameters.level == level)
        let random = SeededRandom(seed: 1)
        let key = try master.extract(ben)
        let read = try BFPrivateKey(der: key.der, identity: ben, parameters: master.parameters)
        for count in level == .level7680 ? [65] : [0, 1, 65, 500] {
            let m = random.secretOctets(count)
            let block = try master.parameters.encrypt(m, to: ben, random: random)
            #expect(try read.decrypt(block) == m)
            // The same by the octets, and with another rho to other octets.
            #expect(try key.decrypt(master.parameters.encrypt(m.exposedCopy(), to: ben, random: random)) == m)
            #expect(try master.parameters.encrypt(m, to: ben, random: random) != block)
        }
    }

    @Test("Another's key does not decrypt, nor does a key of the same name under other parameters")
    func othersKeys() throws {
        let master = try masterKey(.test1024)
        let block = try master.parameters.encrypt([1, 2, 3], to: ben, random: SystemRandom())
        #expect(throws: IBEError.undecryptable) { try master.extract(anna).decrypt(block) }
        let other = try BFMasterKey.generate(level: .test1024, random: SystemRandom(), progress: { _ in })
        #expect(throws: IBEError.undecryptable) { try other.extract(ben).decrypt(block) }
    }

    @Test("One altered bit anywhere in V or W, or another point in place of U, is refused")
    func altered() throws {
        let master = try masterKey(.test1024)
        let (set, key) = (master.parameters.set, try master.extract(ben))
        let c = try BFCiphertext(
            der: master.parameters.encrypt(Array("a letter".utf8), to: ben, random: SystemRandom()), set)
        func isRefused(_ u: CurvePoint, _ v: [UInt8], _ w: [UInt8]) -> Bool {
            do throws(IBEError) {
                _ = try key.decrypt(BFCiphertext(u: u, v: v, w: w).der)
                return false
            } catch {
                return error == .undecryptable
            }
        }
        #expect(!isRefused(c.u, c.v, c.w))
        for bit in 0..<c.v.count * 8 { #expect(isRefused(c.u, c.v.flipped(bit), c.w)) }
        for bit in 0..<c.w.count * 8 { #expect(isRefused(c.u, c.v, c.w.flipped(bit))) }
        #expect(isRefused(c.u, c.v, c.w + [0]))
        #expect(isRefused(c.u, c.v, c.w.dropLast()))
        #expect(isRefused(c.u, c.v + [0], c.w))
        #expect(isRefused(c.u, c.v.dropLast(), c.w))

        let q = set.curve.q
        let p = set.curve.p
        for other in try [
            #require(c.u.multipliedPublic(by: q - Natural(1))), #require(c.u.multipliedPublic(by: Natural(2))), set.p,
            set.pPublic,
            // Of order 2, 3 and 6, and of a large order other than q
            p.point(p - Natural(1), Natural(0), set.curve), p.point(Natural(0), Natural(1), set.curve),
            p.point(Natural(2), Natural(3), set.curve), CurvePoint(ordinate: Natural(77), on: set.curve),
            // U and a point of order 2: e'(U, S) stays the same, only U = [l]P tells
            c.u.plusPointOfOrderTwo(),
        ] {
            #expect(isRefused(other, c.v, c.w))
        }
    }

    @Test("A private key off the curve, of another order or of another identity is refused")
    func wrongKeys() throws {
        let master = try masterKey(.test1024)
        let parameters = master.parameters
        let curve = parameters.set.curve
        func block(_ x: SecretBytes, _ y: SecretBytes) -> SecretBytes {
            SecretBytes(der(0x30, der(2, [2]) + der(0x30, derInteger(x) + derInteger(y))))
        }
        func error(_ x: SecretBytes, _ y: SecretBytes) -> IBEError? {
            do throws(IBEError) {
                _ = try BFPrivateKey(der: block(x, y), identity: ben, parameters: parameters)
                return nil
            } catch {
                return error
            }
        }
        let off = IBEError.invalidKey("its point is off the curve or has another order than q")
        let s = try pointOf(master.extract(ben).der, on: curve)
        #expect(error(s.x, s.y) == nil)
        #expect(error(s.y, s.x) == off)
        #expect(error(SecretBytes([2]), SecretBytes([3])) == off)
        let unmultiplied = RFC5091Hashing.hashToCurve(ben, curve, .sha1)
        #expect(error(unmultiplied.x, unmultiplied.y) == off)
        let shifted = try s.plusPointOfOrderTwo()
        #expect(error(shifted.x, shifted.y) == off)
        let other = try pointOf(master.extract(anna).der, on: curve)
        #expect(error(other.x, other.y) == .keyOfAnotherIdentity)
        let negative = try #require(s.multipliedPublic(by: curve.q - Natural(1)))
        #expect(error(negative.x, negative.y) == .keyOfAnotherIdentity)
    }

    @Test("A master secret that is not that of the parameters is refused")
    func wrongMaster() throws {
        let master = try masterKey(.test1024)
        func secret(_ octets: [UInt8]) -> SecretBytes { SecretBytes(der(0x30, der(2, [2]) + der(2, octets))) }
        for octets: [UInt8] in [[1], [2], [0x7f, 0xff]] {
            let wrong = try BFMasterSecret(der: secret(octets))
            #expect(throws: IBEError.invalidKey("P_pub is not [s]P")) {
                try BFMasterKey(parameters: master.parameters, secret: wrong)
            }
        }
        #expect(throws: IBEError.invalidKey("the master secret is 0 or too long")) {
            try BFMasterSecret(der: secret([0]))
        }
    }

    @Test("Generated parameters are valid, differ, and are the same from the same randomness")
    func generate() throws {
        var counts: [Int] = []
        let first = try BFMasterKey.generate(level: .test1024, random: SeededRandom(seed: 9)) { counts.append($0) }
        #expect(!counts.isEmpty)
        let read = try BFPublicParameters(der: first.parameters.der)
        #expect(read == first.parameters && read.level == .test1024)
        let again = try BFMasterKey.generate(level: .test1024, random: SeededRandom(seed: 9)) { _ in }
        #expect(again.parameters == first.parameters && again.secret.der == first.secret.der)
        let other = try BFMasterKey.generate(level: .test1024, random: SeededRandom(seed: 10)) { _ in }
        #expect(other.parameters != first.parameters)
        let larger = try BFMasterKey.generate(level: .level3072, random: SystemRandom()) { _ in }
        #expect(try BFPublicParameters(der: larger.parameters.der).level == .level3072)
    }

    @Test("Many threads share one set of parameters, and the cache forgets without harm")
    func shared() async throws {
        let master = try masterKey(.test1024)
        let parameters = try BFPublicParameters(der: master.parameters.der)
        let keys = try (0..<8).map { try master.extract(Array("sip:\($0)@post.example2026-12-01".utf8)) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for key in keys + keys {
                group.addTask {
                    for fresh in 0..<80 {
                        _ = try parameters.encrypt([0], to: key.identity + [UInt8(fresh)], random: SystemRandom())
                    }
                    let block = try parameters.encrypt([7], to: key.identity, random: SystemRandom())
                    return try key.decrypt(block) == SecretBytes([7])
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}

@Suite("Sender proofs and dated identities")
struct DatedIdentityTests {
    @Test("Sender proof keys need one KMS, and depend on deposit, day and names")
    func senderProof() throws {
        let master = try masterKey(.test1024)
        let other = try BFMasterKey.generate(level: .test1024, random: SystemRandom(), progress: { _ in })
        let (own, peer) = (try master.extract(anna), try DatedIdentity(octets: ben))
        let id = [UInt8](repeating: 1, count: 16)
        func derive(_ own: BFPrivateKey, _ peer: DatedIdentity, _ id: [UInt8]) throws -> SecretBytes {
            try SenderProofKey.derive(own: own, peer: peer, depositID: id, parameters: master.parameters)
        }
        let key = try derive(own, peer, id)
        #expect(key.count == 32)
        #expect(try derive(master.extract(ben), DatedIdentity(octets: anna), id) == key)
        #expect(try derive(own, peer, [2] + id.dropFirst()) != key)
        #expect(try derive(own, DatedIdentity(peer.identity, on: peer.day.advanced(by: 1)), id) != key)
        #expect(try derive(master.extract(ben), peer, id) != key)
        #expect(throws: IBEError.differentParameters) {
            try SenderProofKey.derive(own: own, peer: peer, depositID: id, parameters: other.parameters)
        }
    }

    @Test("A dated identity is a URI and a day of the calendar")
    func dated() throws {
        let dated = try DatedIdentity(octets: ben)
        #expect(try dated.identity == Identity("sip:ben@post.example"))
        #expect(dated.day == UTCDay("2026-12-01"))
        #expect(dated.octets == ben)
        #expect(dated.description == "sip:ben@post.example2026-12-01")
        for text in [
            "", "2026-12-01", "sip:ben@post.example2026-02-29", "sip:ben@post.example", "sip:b\u{e9}n2026-12-01",
        ] {
            #expect(throws: IBEError.self) { try DatedIdentity(octets: Array(text.utf8)) }
        }
    }

    @Test("Keys and master secrets do not show themselves")
    func descriptions() throws {
        let master = try masterKey(.test1024)
        let key = try master.extract(ben)
        #expect("\(key)" == "BFPrivateKey of sip:ben@post.example2026-12-01")
        var dumped = ""
        dump(master, to: &dumped)
        dump(key, to: &dumped)
        for secret in [master.secret.der, key.der].map({ Array($0.exposedCopy().suffix(8)) }) {
            let number = secret.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let lines = secret.map { "- \($0)" }.joined()
            let text = dumped.filter { !$0.isWhitespace || $0 == " " }
            #expect(!dumped.contains(hexadecimal(secret)))
            #expect(!dumped.contains(String(number)) && !dumped.contains(String(number, radix: 16)))
            #expect(!text.replacing(" ", with: "").contains(lines.replacing(" ", with: "")))
        }
    }
}
