import IdentityBasedEncryption
import Primitives
import SupersingularPairing
import TestVectors
import Testing

@Suite("DER of keys, parameters and ciphertexts")
struct DERTests {
    let master: BFMasterKey
    let key: BFPrivateKey
    let block: [UInt8]

    init() throws {
        master = try masterKey(.test1024)
        key = try master.extract(ben)
        block = try master.parameters.encrypt([1, 2, 3], to: ben, random: SeededRandom(seed: 2))
    }

    private func fault(_ octets: [UInt8]) -> IBEError? {
        do throws(IBEError) {
            _ = try BFMasterSecret(der: SecretBytes(octets))
            return nil
        } catch {
            return error
        }
    }

    @Test("Every structure is written as it is read")
    func roundTrip() throws {
        #expect(try BFPublicParameters(der: master.parameters.der).der == master.parameters.der)
        #expect(try BFMasterSecret(der: master.secret.der).der == master.secret.der)
        let ciphertext = try BFCiphertext(der: block, master.parameters.set)
        #expect(ciphertext.der == block)
        #expect(try BFPrivateKey(der: key.der, identity: ben, parameters: master.parameters).der == key.der)
    }

    @Test(
        "Anything but DER is refused: lengths and integers that are not minimal, negative ones, what is cut or trails")
    func strict() {
        let good = der(0x30, der(2, [2]) + der(2, [0x12, 0x34]))
        #expect(fault(good) == nil)
        for bad: [UInt8] in [
            [], [0x30], good.dropLast(), good + [0],
            der(0x31, der(2, [2]) + der(2, [0x12])),
            der(0x30, der(2, [2]) + der(4, [0x12])),
            der(0x30, der(2, [2]) + der(2, [0x12]) + der(2, [0x12])),
            der(0x30, der(2, [2])),
            der(0x30, der(2, [2]) + der(2, [])),
            der(0x30, der(2, [2]) + der(2, [0x92])),
            der(0x30, der(2, [2]) + der(2, [0x00, 0x12])),
            der(0x30, der(2, [2]) + [2, 0x81, 1, 0x12]),
            der(0x30, der(2, [2]) + [2, 0x82, 0, 1, 0x12]),
            der(0x30, der(2, [2]) + [2, 0x84, 0xff, 0xff, 0xff, 0xff, 0x12]),
            der(0x30, der(2, [2]) + [2, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x12]),
            [0x30, 0x80] + der(2, [2]) + der(2, [0x12]) + [0, 0],
        ] {
            guard case .malformed(structure: "BFMasterSecret", fault: _) = fault(bad) else {
                Issue.record("accepted or another fault: \(hexadecimal(bad))")
                continue
            }
        }
        #expect(fault(der(0x30, der(2, [3]) + der(2, [0x12]))) == .unsupported("BFMasterSecret of another version"))
    }

    @Test("Parameters of wrong numbers, points, curves, hash functions or sizes are refused")
    func parameters() throws {
        let set = master.parameters.set
        let (p, q) = (set.curve.p, set.curve.q)
        let curve: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x86, 0xfd, 0x1e, 1, 1, 1, 1]
        let sha1: [UInt8] = [0x2b, 14, 3, 2, 26]
        func octets(_ n: Natural) -> SecretBytes { SecretBytes(n.octets(count: n.octetCount)) }
        func point(_ x: SecretBytes, _ y: SecretBytes) -> [UInt8] { der(0x30, derInteger(x) + derInteger(y)) }
        func error(
            version: UInt8 = 2, curve: [UInt8] = curve, p: Natural = p, q: Natural = q, a: [UInt8]? = nil,
            b: [UInt8]? = nil,
            hash: [UInt8] = sha1
        ) -> IBEError? {
            let a = a ?? point(set.p.x, set.p.y)
            let b = b ?? point(set.pPublic.x, set.pPublic.y)
            let fields = der(2, [version]) + der(6, curve) + derInteger(octets(p)) + derInteger(octets(q))
            do throws(IBEError) {
                _ = try BFPublicParameters(der: der(0x30, fields + a + b + der(6, hash)))
                return nil
            } catch {
                return error
            }
        }
        #expect(error() == nil)
        #expect(error(version: 1) == .unsupported("BFPublicParameters of another version"))
        #expect(error(curve: curve.dropLast() + [2]) == .unsupported("a curve other than type 1"))
        #expect(error(p: p + p) == .unsupported("p of 513 and q of 160 bits"))
        #expect(error(q: q.dividing(by: Natural(2)).quotient) == .unsupported("p of 512 and q of 159 bits"))
        #expect(error(p: p - Natural(2)) == .invalidParameters("p and q make no type-1 curve"))
        #expect(error(q: q - Natural(2)) == .invalidParameters("p and q make no type-1 curve"))
        #expect(
            error(hash: [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1])
                == .unsupported("a hash function other than sha1 at level 1024"))
        let wrong = IBEError.invalidParameters("P or P_pub is off the curve or has another order than q")
        let six = point(SecretBytes([2]), SecretBytes([3]))
        #expect(error(a: six) == wrong)
        #expect(error(b: six) == wrong)
        #expect(error(a: point(set.p.y, set.p.x)) == wrong)
        #expect(error(b: point(set.p.x, set.pPublic.y)) == wrong)
        let shifted = try set.pPublic.plusPointOfOrderTwo()
        #expect(error(b: point(shifted.x, shifted.y)) == wrong)
        // p + 12 q is of the right form and size, and not prime; on its curve the points are off.
        var composite = p + Natural(12) * q
        while composite.isProbablyPrime(rounds: 5) { composite = composite + Natural(12) * q }
        #expect(error(p: composite) == .invalidParameters("p or q is not prime"))
    }

    @Test("Mutated octets give an error, or a value that is written as it was read")
    func fuzz() throws {
        var generator = SeededGenerator(seed: 11)
        let set = master.parameters.set
        let key = key
        _ = try key.decrypt(block)
        for _ in 0..<2000 {
            let octets = mutated(block, using: &generator)
            if let ciphertext = try? BFCiphertext(der: octets, set) { #expect(ciphertext.der == octets) }
            let secret = SecretBytes(mutated(master.secret.der.exposedCopy(), using: &generator))
            if let read = try? BFMasterSecret(der: secret) { #expect(read.der == secret) }
        }
        for _ in 0..<300 {
            let octets = mutated(block, using: &generator)
            if octets != block { #expect(throws: IBEError.self) { try key.decrypt(octets) } }
            let secret = SecretBytes(mutated(key.der.exposedCopy(), using: &generator))
            if secret != key.der {
                #expect(throws: IBEError.self) {
                    try BFPrivateKey(der: secret, identity: ben, parameters: master.parameters)
                }
            }
            let parameters = mutated(master.parameters.der, using: &generator)
            if let read = try? BFPublicParameters(der: parameters) { #expect(read.der == parameters) }
        }
    }
}

@Suite("IBESysParams of RFC 5408")
struct IBESysParamsTests {
    let parameters: BFPublicParameters
    let december: (UTCTime, UTCTime)

    init() throws {
        parameters = try masterKey(.test1024).parameters
        december = (
            try #require(UTCDay("2026-12-01")).start,
            try #require(UTCDay("2027-01-01")).start.advanced(byMilliseconds: -1)
        )
    }

    private func made(domain: String = "post.example", serial: UInt64 = 1) throws -> IBESysParams {
        try IBESysParams(
            domain: domain, serial: serial, notBefore: december.0, notAfter: december.1, parameters: parameters)
    }

    @Test("The octets are as docs/protocol.md choice 27 says")
    func octets() throws {
        let identityType: [UInt8] = [
            0x69, 0x82, 0xf5, 0xda, 0xe4, 0xdd, 0xbf, 0xb0, 0xa2, 0x80, 0xdd, 0xb0, 0xd1, 0x9d, 0xea, 0x81, 0xd0, 0xe2,
            0xb0, 0x7d,
        ]
        let bonehFranklin: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x86, 0xfd, 0x1e, 1, 1, 2, 1]
        let expected = der(
            0x30,
            der(2, [2]) + der(0x16, Array("sip:post.example".utf8)) + der(2, [0, 200])
                + der(0x30, der(0x18, Array("20261201000000Z".utf8)) + der(0x18, Array("20261231235959Z".utf8)))
                + der(0x30, der(0x30, der(6, bonehFranklin) + der(4, parameters.der))) + der(6, identityType))
        #expect(try made(serial: 200).der == expected)
    }

    @Test("What is written is read")
    func roundTrip() throws {
        for serial: UInt64 in [1, 127, 128, .max] {
            let made = try made(serial: serial)
            let read = try IBESysParams(der: made.der)
            #expect(read == made)
            #expect(read.domain == "post.example" && read.districtSerial == serial && read.parameters == parameters)
        }
    }

    @Test("Parameters are valid from their first second to their last, both included")
    func validity() throws {
        let made = try made()
        for (offset, isValid): (Int64, Bool) in [
            (-1, false), (0, true), (86_400_000 * 31 - 1, true), (86_400_000 * 31, false),
        ] {
            #expect(made.isValid(at: december.0.advanced(byMilliseconds: offset)) == isValid)
        }
    }

    @Test("Districts that are no domain, serial 0 and times out of order are refused")
    func refused() throws {
        for domain in ["", "post.example:5060", "a@b", "p\u{f6}st.example", "post example"] {
            #expect(throws: IBEError.invalidParameters("the district name is not sip: and a domain")) {
                try made(domain: domain)
            }
        }
        #expect(throws: IBEError.invalidParameters("the district serial is 0")) { try made(serial: 0) }
        #expect(throws: IBEError.invalidParameters("they end before they begin")) {
            try IBESysParams(
                domain: "post.example", serial: 1, notBefore: december.1, notAfter: december.0, parameters: parameters)
        }
    }

    @Test(
        "An extension, another type of identities, and a list without Boneh-Franklin are refused; other algorithms are read over"
    )
    func contents() throws {
        let good = try made().der
        // The last 22 octets are the type of identities, the head 4.
        let (fields, type) = (Array(good.dropFirst(4).dropLast(22)), Array(good.suffix(22)))
        func error(_ octets: [UInt8]) -> IBEError? {
            do throws(IBEError) {
                _ = try IBESysParams(der: octets)
                return nil
            } catch {
                return error
            }
        }
        #expect(error(der(0x30, fields + type)) == nil)
        #expect(error(der(0x30, fields + type + der(0x30, []))) == nil)
        let entry = der(0x30, der(6, [0x2a, 3]) + der(4, [1]))
        #expect(error(der(0x30, fields + type + der(0x30, entry))) == .unsupported("an extension of IBESysParams"))
        #expect(error(der(0x30, fields + der(6, [0x2a, 3]))) == .unsupported("another type of identities"))
        let listLength = parameters.der.count + 4 + 13 + 4 + 4
        let (head, list) = (Array(fields.dropLast(listLength)), Array(fields.suffix(listLength).dropFirst(4)))
        #expect(error(der(0x30, head + der(0x30, list + entry) + type)) == nil)
        #expect(error(der(0x30, head + der(0x30, list + list) + type)) == .invalidParameters("one algorithm twice"))
        #expect(error(der(0x30, head + der(0x30, entry) + type)) == .unsupported("parameters without Boneh-Franklin's"))
    }

    @Test("Mutated octets give an error, or fields that make the same octets")
    func fuzz() throws {
        var generator = SeededGenerator(seed: 12)
        let good = try made(serial: 77).der
        var accepted = 0
        for _ in 0..<1500 {
            // Only the part before the parameters, which have a test of their own, and the end.
            let cut = 60
            let octets = mutated(Array(good.prefix(cut)), using: &generator) + good.dropFirst(cut)
            guard let read = try? IBESysParams(der: octets) else { continue }
            accepted += 1
            let again = try IBESysParams(
                domain: read.domain, serial: read.districtSerial, notBefore: read.notBefore, notAfter: read.notAfter,
                parameters: read.parameters)
            #expect(again.der == octets)
        }
        #expect(accepted > 0)
    }
}
