import CurveVectors
import IdentityBasedEncryption
import Primitives
import SupersingularPairing
import TestVectors
import Testing

@Suite("RFC 5091 section 7")
struct RFC5091Section7Tests {
    @Test("7.2 HashToRange")
    func hashToRange() throws {
        let entry = try #require(section7("7.2").first)
        #expect(
            try RFC5091Hashing.hashToRange(entry["s"].octets, modulo: entry["n"].natural, entry["hash"].hash)
                == entry["result"].natural)
    }

    @Test("7.4 BFderivePubl")
    func derivePublic() throws {
        let entry = try #require(section7("7.4").first)
        let set = try entry.parameterSet()
        #expect(
            try RFC5091Hashing.hashToPoint(entry["id"].octets, set.curve, set.hash)
                == entry["result"].point(on: set.curve))
    }

    @Test("7.5 BFextractPriv")
    func extractPrivate() throws {
        let entry = try #require(section7("7.5").first)
        let set = try entry.parameterSet()
        let q = try #require(RFC5091Hashing.hashToPoint(entry["id"].octets, set.curve, set.hash))
        #expect(
            try q.multiplied(by: Scalar(entry["s"].natural, modulo: set.curve.q))
                == (entry["result"].point(on: set.curve)))
    }

    @Test("7.6 BFencrypt, and back")
    func encrypt() throws {
        let entry = try #require(section7("7.6").first { try $0["algorithm"].text == "BFencrypt" })
        let set = try entry.parameterSet()
        let ciphertext = try #require(
            try set.encrypt(entry["m"].secret, to: entry["id"].octets, rho: entry["rho"].secret))
        #expect(try ciphertext.u == (entry["U"].point(on: set.curve)))
        #expect(try ciphertext.v == entry["V"].octets)
        #expect(try ciphertext.w == entry["W"].octets)
        // 7.5 has the same parameters and identity.
        let key = try #require(section7("7.5").first)["result"].point(on: set.curve)
        #expect(try set.decrypt(ciphertext, with: PreparedPoint(key)) == entry["m"].secret)
    }

    @Test("7.6 as printed: W is HashBytes(9, rho, SHA-1) XOR m")
    func hashBytes() throws {
        let entry = try #require(section7("7.6").first { try $0["algorithm"].text == "HashBytes" })
        let octets = try RFC5091Hashing.hashBytes(Int(entry["b"].number), entry["p"].secret, .sha1).exposedCopy()
        #expect(try zip(octets, entry["m"].octets).map { $0 ^ $1 } == entry["result"].octets)
    }
}

@Suite("RFC 5091 at levels 1024 and 3072")
struct RFC5091LevelTests {
    @Test("HashToRange and HashBytes, also beyond one hash")
    func hashing() throws {
        for (parameters, level) in try levels() {
            let function = parameters.level.hash
            for entry in try level["HashToRange"].list {
                #expect(
                    try RFC5091Hashing.hashToRange(entry["s"].octets, modulo: entry["n"].natural, function)
                        == entry["result"].natural)
            }
            for entry in try level["HashBytes"].list {
                #expect(
                    try RFC5091Hashing.hashBytes(Int(entry["b"].number), entry["p"].secret, function)
                        == entry["result"].secret)
            }
        }
    }

    @Test("Canonical in both orders")
    func canonical() throws {
        for (_, level) in try levels() {
            for entry in try level["Canonical"].list {
                let (real, imaginary) = try entry["v"].pair
                let value = ExtensionElement(
                    real: try real.natural, imaginary: try imaginary.natural, p: try level["p"].natural)
                #expect(
                    try value.canonical(order: entry["o"].number == 0 ? .realFirst : .imaginaryFirst)
                        == entry["result"].octets)
            }
        }
    }

    @Test("HashToPoint, and the key that BFextractPriv makes of it")
    func hashToPoint() throws {
        for (parameters, level) in try levels() {
            let curve = try TypeOneCurve(p: level["p"].natural, q: level["q"].natural)
            for entry in try level["HashToPoint"].list {
                #expect(
                    try RFC5091Hashing.hashToPoint(entry["id"].octets, curve, parameters.level.hash)
                        == entry["result"].point(on: curve))
            }
            let master = try BFMasterKey(
                parameters: parameters, secret: BFMasterSecret(der: level["BFMasterSecret"].secret))
            for entry in try level["BFdecrypt"].list.prefix(3) {
                #expect(try master.extract(entry["id"].octets).der == entry["BFPrivateKeyBlock"].secret)
            }
        }
    }

    @Test("BFencrypt to the octet, the first time and from the cache")
    func encrypt() throws {
        for (parameters, level) in try levels() {
            for entry in try level["BFencrypt"].list {
                for _ in 0..<2 {
                    let block = try parameters.encrypt(
                        entry["m"].octets, to: entry["id"].octets, random: ScriptedRandom([entry["rho"].octets]))
                    #expect(try block == entry["BFCiphertextBlock"].octets)
                }
            }
        }
    }

    @Test("BFdecrypt, and what it refuses")
    func decrypt() throws {
        for (parameters, level) in try levels() {
            for entry in try level["BFdecrypt"].list {
                let key = try BFPrivateKey(
                    der: entry["BFPrivateKeyBlock"].secret, identity: entry["id"].octets, parameters: parameters)
                if entry.has("refused") {
                    #expect(throws: IBEError.undecryptable) { try key.decrypt(entry["BFCiphertextBlock"].octets) }
                } else {
                    #expect(try key.decrypt(entry["BFCiphertextBlock"].octets) == entry["m"].secret)
                }
            }
        }
    }

    @Test("SenderProofKey, from both sides")
    func senderProof() throws {
        for (parameters, level) in try levels() {
            let master = try BFMasterKey(
                parameters: parameters, secret: BFMasterSecret(der: level["BFMasterSecret"].secret))
            for entry in try level["SenderProofKey"].list {
                let sender = Array(try entry["sender"].text.utf8)
                let recipient = Array(try entry["recipient"].text.utf8)
                for (own, peer) in [(sender, recipient), (recipient, sender)] {
                    let key = try SenderProofKey.derive(
                        own: master.extract(own), peer: DatedIdentity(octets: peer),
                        depositID: entry["deposit_id"].octets, parameters: parameters)
                    #expect(try key == entry["key"].secret)
                }
            }
        }
    }
}
