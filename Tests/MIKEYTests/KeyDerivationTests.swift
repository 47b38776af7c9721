import MIKEY
import Primitives
import TestVectors
import Testing

/// RFC 6267 section 5 and RFC 3830 section 4.1 against the vectors.
@Suite struct KeyDerivationTests {
    @Test(arguments: ["1024", "3072"], ["exchange", "fetch", "receipt_fetch"])
    func sessionKeysAndMAC(level: String, exchange: String) throws {
        let vector = try Vector(file: "deferred-\(level).json")[exchange]
        let csbID = try vector["csb_id"].octets.reduce(0) { $0 << 8 | UInt32($1) }
        let keys = SessionKeys(
            kSession: try vector["K_SESSION"].secret, csbID: csbID, rand: try vector["rand"].octets, suite: .sha256)
        #expect(try keys.mpk == vector["MPK"].secret)
        #expect(try keys.tgk == vector["TGK"].secret)
        #expect(try keys.authenticationKey == vector["auth_key"].secret)

        let octets = try vector["messages"].list[3]["octets"].octets
        let message = try MIKEYMessage(octets: octets)
        let identities = [try vector["initiator"].text, try vector["responder"].text].map { Array($0.utf8) }
        #expect(try message.verificationCover(identities: identities) == vector["V_covers"].octets)
        #expect(try message.verification?.mac == vector["MAC"].octets)
        #expect(try message.isAuthentic(key: keys.authenticationKey, suite: .sha256, identities: identities))
        let unsigned = MIKEYMessage(message.header, message.payloads.dropLast())
        #expect(unsigned.authenticated(key: keys.authenticationKey, suite: .sha256, identities: identities) == message)

        #expect(try !message.isAuthentic(key: keys.tgk, suite: .sha256, identities: identities))
        #expect(
            try !message.isAuthentic(key: keys.authenticationKey, suite: .sha256, identities: identities.reversed()))
        #expect(throws: MIKEYError.macAlgorithm(.hmacSHA256)) {
            try message.isAuthentic(key: keys.authenticationKey, suite: .sha1, identities: identities)
        }
        #expect(throws: MIKEYError.missing("V")) {
            try unsigned.isAuthentic(key: keys.authenticationKey, suite: .sha256, identities: identities)
        }
    }

    @Test func requestKeys() throws {
        let vector = try Vector(file: "kms-psk-1024.json")
        let csbID = try vector["csb_id"].octets.reduce(0) { $0 << 8 | UInt32($1) }
        let keys = KeyTransport(
            secret: try vector["psk"].secret, csbID: csbID, rand: try vector["rand"].octets, suite: .sha256)
        #expect(try keys.encryptionKey == vector["encr_key"].secret)
        #expect(try keys.authenticationKey == vector["auth_key"].secret)
        #expect(try keys.saltKey == vector["salt_key"].secret)

        let request = try MIKEYMessage(octets: vector["request"]["octets"].octets)
        let response = try MIKEYMessage(octets: vector["response"]["octets"].octets)
        let names = request.identities(.initiator).map(\.data) + request.identities(.kms).map(\.data)
        for (message, part) in [(request, try vector["request"]), (response, try vector["response"])] {
            #expect(try message.verificationCover(identities: names) == part["V_covers"].octets)
            #expect(try message.verification?.mac == part["MAC"].octets)
            #expect(try message.isAuthentic(key: keys.authenticationKey, suite: .sha256, identities: names))
        }
        let kemac = try #require(response.kemac)
        #expect(kemac.encryption == AlgorithmSuite.sha256.encryption)
        #expect(try kemac.data == vector["response"]["encr_data"].octets)
        let timestamp = try response.timestamp
        #expect(try keys.apply(to: kemac.data, timestamp: timestamp) == vector["response"]["plaintext"].secret)
        #expect(
            try keys.apply(to: vector["response"]["plaintext"].secret, timestamp: timestamp) == SecretBytes(kemac.data))
    }

    /// RFC 3830's own suite has keys of its own lengths; its PRF is HMAC-SHA-1.
    @Test func theOlderSuiteHasShorterKeys() {
        let keys = KeyTransport(
            secret: SecretBytes([UInt8](repeating: 7, count: 33)), csbID: 1, rand: [UInt8](repeating: 2, count: 16),
            suite: .sha1)
        #expect(keys.encryptionKey.count == 16)
        #expect(keys.authenticationKey.count == 20)
        #expect(keys.saltKey.count == 14)
        // PRF(s, label) of one block is P(s, label): HMAC(s, HMAC(s, label) || label), truncated.
        let secret = SecretBytes([UInt8](repeating: 7, count: 32))
        let label: [UInt8] = [0x15, 0x05, 0x33, 0xe1, 0xff, 0, 0, 0, 1] + [UInt8](repeating: 2, count: 16)
        let first = HMAC.code(.sha1, key: secret, HMAC.code(.sha1, key: secret, label) + label)
        let short = KeyTransport(secret: secret, csbID: 1, rand: [UInt8](repeating: 2, count: 16), suite: .sha1)
        #expect(short.encryptionKey == SecretBytes(first.prefix(16)))
    }

    @Test func onlyEnabledSuitesAreTaken() throws {
        #expect(try AlgorithmSuite(prf: 1) == .sha256)
        #expect(try AlgorithmSuite(prf: 0, enabled: [.sha1, .sha256]) == .sha1)
        for prf in [0, 2, 127] as [UInt8] {
            let error = thrown(MIKEYError.self) { try AlgorithmSuite(prf: prf) }
            #expect(error == .pseudoRandomFunction(prf))
            #expect(error?.answer == .invalidPRF)
        }
    }
}
