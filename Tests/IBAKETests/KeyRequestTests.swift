import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// REQUEST_KEY_INIT_PSK and REQUEST_KEY_RESP (docs/protocol.md choice 19).
@Suite struct KeyRequestTests {
    let vector: Vector
    let parameters: BFPublicParameters
    let kms: Identity
    let psk: SecretBytes
    let now: UTCTime
    let wanted: [DatedIdentity]

    init() throws {
        vector = try Vector(file: "kms-psk-1024.json")
        parameters = try BFPublicParameters(der: vector["BFPublicParameters"].octets)
        kms = try Identity(vector["kms"].text)
        psk = try vector["psk"].secret
        now = try vector["clock"].time
        wanted = try vector["requested"].list.map { try DatedIdentity(octets: Array($0.text.utf8)) }
    }

    private func request(random: some RandomSource, wanted: [DatedIdentity]? = nil) throws -> KeyRequest {
        try KeyRequest(
            wanted ?? self.wanted, kms: kms, preSharedKeyName: Array(vector["psk_name"].text.utf8), preSharedKey: psk,
            now: now, random: random)
    }

    private func vectorRequest() throws -> KeyRequest {
        try request(random: ScriptedRandom([vector["csb_id"].octets, vector["rand"].octets]))
    }

    private func privateKeys() throws -> [BFPrivateKey] {
        try wanted.map { identity in
            try BFPrivateKey(
                der: vector["private_keys"][identity.description].secret, identity: identity.octets,
                parameters: parameters)
        }
    }

    @Test func theUserSendsTheVectorsRequestAndTakesItsKeys() throws {
        let request = try vectorRequest()
        #expect(try request.octets == vector["request"]["octets"].octets)
        let keys = try request.receive(vector["response"]["octets"].octets, parameters: [parameters])
        #expect(keys.map(\.identity) == wanted.map(\.octets))
        for (key, identity) in zip(keys, wanted) {
            #expect(try key.der == vector["private_keys"][identity.description].secret)
        }
    }

    @Test func theKMSAnswersTheVectorsResponse() throws {
        let octets = try vector["request"]["octets"].octets
        let received = try ReceivedKeyRequest(octets, kms: kms, now: now)
        #expect(received.requested == wanted)
        #expect(try received.preSharedKeyName == Array(vector["psk_name"].text.utf8))
        #expect(received.csbID == 0x2fc1_6ca0)
        #expect(received.digest == HashFunction.sha256.hash(octets))
        let authentic = try received.authenticated(by: psk)
        #expect(try authentic.response(privateKeys()) == vector["response"]["octets"].octets)
    }

    /// The keys that the vector's master secret gives are those of the vector.
    @Test func theMasterKeyExtractsTheVectorsKeys() throws {
        let master = try BFMasterKey(
            parameters: parameters, secret: BFMasterSecret(der: vector["BFMasterSecret"].secret))
        for identity in wanted {
            #expect(try master.extract(identity.octets).der == vector["private_keys"][identity.description].secret)
        }
    }

    @Test func anUnknownPreSharedKeyLooksLikeAWrongMAC() throws {
        let received = try ReceivedKeyRequest(vector["request"]["octets"].octets, kms: kms, now: now)
        #expect(throws: IBAKEError.wrongMAC) { try received.authenticated(by: nil) }
        #expect(throws: IBAKEError.wrongMAC) { try received.authenticated(by: SecretBytes([1, 2, 3])) }
        let message = try #require(
            IBAKEError.wrongMAC.message(answering: vector["request"]["octets"].octets, now: now))
        #expect(throws: IBAKEError.peerError(0)) { try vectorRequest().receive(message, parameters: [parameters]) }
    }

    /// Each fault at the KMS, and the number of its Error.
    @Test func requestsThatAreRefused() throws {
        let good = try MIKEYMessage(octets: vector["request"]["octets"].octets)
        func refusal(_ change: (inout CommonHeader, inout [Payload]) -> Void, now: UTCTime? = nil) -> IBAKEError? {
            var header = good.header
            var payloads = good.payloads
            change(&header, &payloads)
            do throws(IBAKEError) {
                _ = try ReceivedKeyRequest(MIKEYMessage(header, payloads).octets, kms: kms, now: now ?? self.now)
                return nil
            } catch {
                return error
            }
        }
        func without(_ role: IDRPayload.Role, _ payloads: inout [Payload]) {
            payloads.removeAll { if case .idr(let idr) = $0 { idr.role == role } else { false } }
        }
        #expect(refusal { _, _ in } == nil)
        #expect(refusal({ _, _ in }, now: now.advanced(byMilliseconds: 600_001))?.answer == .error(.invalidTimestamp))
        #expect(refusal { header, _ in header.prf = 0 } == .message(.pseudoRandomFunction(0)))
        #expect(refusal { header, _ in header.dataType = 20 } == .unexpectedMessage(20))
        #expect(refusal { header, _ in header.dataType = 22 }?.answer == .error(.invalidDataType))
        #expect(refusal { without(.kms, &$1) } == .message(.missing("IDRkms")))
        #expect(refusal { without(.preSharedKey, &$1) } == .message(.missing("IDRpsk")))
        #expect(refusal { without(.initiator, &$1) } == .message(.missing("IDRi")))
        #expect(refusal { $1.removeAll { $0.type == .rand } } == .message(.missing("RAND")))
        #expect(refusal { $1.removeLast() } == .message(.missing("V")))
        let other = try Identity("sip:kms@elsewhere.example")
        #expect(
            refusal { payloads, list in
                without(.kms, &list)
                list.insert(.idr(IDRPayload(.kms, other)), at: 0)
            } == .notServed(other))
        let undated = IDRPayload(.initiator, IdentityPayload(uri: Array("sip:ben@post.example".utf8)))
        #expect(refusal { $1.insert(.idr(undated), at: 2) } == .message(.undated))
        let named = IDRPayload(.preSharedKey, IdentityPayload(uri: Array("ben".utf8)))
        #expect(
            refusal { payloads, list in
                without(.preSharedKey, &list)
                list.insert(.idr(named), at: 0)
            } == .message(.identityType(1)))
        let more = IDRPayload(.initiator, IdentityPayload(uri: wanted[0].octets))
        let many = refusal { $1.insert(contentsOf: [Payload](repeating: .idr(more), count: 63), at: 2) }
        #expect(many == .message(.tooManyKeys))
        #expect(
            refusal { header, _ in
                header.map = (try? CSIDMap(count: 1, type: .empty, info: [])) ?? .empty
            } == .message(.map))
    }

    @Test func responsesThatAreRefused() throws {
        let request = try vectorRequest()
        let good = try MIKEYMessage(octets: vector["response"]["octets"].octets)
        func refusal(_ change: (inout CommonHeader, inout [Payload]) -> Void) -> IBAKEError? {
            var header = good.header
            var payloads = good.payloads
            change(&header, &payloads)
            do throws(IBAKEError) {
                _ = try request.receive(MIKEYMessage(header, payloads).octets, parameters: [parameters])
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal { _, _ in } == nil)
        #expect(refusal { header, _ in header.csbID += 1 } == .message(.changed("CSB ID")))
        #expect(refusal { header, _ in header.dataType = 25 } == .message(.dataType(25)))
        let later = NTPTimestamp(now.advanced(byMilliseconds: 1))
        #expect(refusal { $1[0] = .timestamp(TimestampPayload(later)) } == .message(.changed("T")))
        let other = IDRPayload(.kms, IdentityPayload(uri: Array("sip:kms@elsewhere.example".utf8)))
        #expect(refusal { $1[1] = .idr(other) } == .message(.changed("IDRkms")))
        #expect(refusal { $1[2] = .kemac(KEMACPayload(encryption: 3, data: [1])) } == .wrongMAC)
        #expect(refusal { $1.remove(at: 2) } == .message(.missing("KEMAC")))
        #expect(refusal { $1.removeLast() } == .message(.missing("V")))
    }

    /// A KMS that gives other keys than were asked for, with a MAC that is right.
    @Test func wrongKeysAreRefused() throws {
        let keys = try privateKeys()
        let request = try vectorRequest()
        let received = try ReceivedKeyRequest(request.octets, kms: kms, now: now)
        let authentic = try received.authenticated(by: psk)
        #expect(throws: IBAKEError.self) { try authentic.response(keys.reversed()) }
        #expect(throws: IBAKEError.self) { try authentic.response([keys[0]]) }

        func response(_ entries: [PrivateKeyChain.Entry]) throws -> [UInt8] {
            let good = try MIKEYMessage(octets: vector["response"]["octets"].octets)
            let encrypted = try transport().apply(to: PrivateKeyChain(entries).octets, timestamp: good.timestamp)
            return try resigned(KEMACPayload(encryption: 3, data: encrypted.exposedCopy()))
        }
        let entries = keys.map { PrivateKeyChain.Entry(identity: $0.identity, privateKey: $0.der) }
        let swapped = try request.receive(response(entries.reversed()), parameters: [parameters])
        #expect(swapped.map(\.identity) == wanted.map(\.octets))
        let crossed = zip(entries, entries.reversed()).map {
            PrivateKeyChain.Entry(identity: $0.identity, privateKey: $1.privateKey)
        }
        for bad in [[entries[0]], [entries[0], entries[0]], entries + [entries[0]], crossed] {
            let octets = try response(bad)
            #expect(throws: IBAKEError.self) { try request.receive(octets, parameters: [parameters]) }
        }
    }

    private func transport() throws -> KeyTransport {
        KeyTransport(secret: psk, csbID: 0x2fc1_6ca0, rand: try vector["rand"].octets, suite: .sha256)
    }

    /// The vector's response with another KEMAC, and a V that is right.
    private func resigned(_ kemac: KEMACPayload) throws -> [UInt8] {
        let good = try MIKEYMessage(octets: vector["response"]["octets"].octets)
        var payloads = Array(good.payloads.dropLast())
        payloads[2] = .kemac(kemac)
        return try MIKEYMessage(good.header, payloads).authenticated(
            key: transport().authenticationKey, suite: .sha256, identities: wanted.map(\.octets) + [kms.octets]
        ).octets
    }

    /// KEMAC's algorithms go with the PRF, and it has no MAC of its own (docs/protocol.md choices 6 and 19).
    @Test func kemacsOfOtherAlgorithmsAreRefused() throws {
        let request = try vectorRequest()
        let data = try vector["response"]["encr_data"].octets
        _ = try request.receive(resigned(KEMACPayload(encryption: 3, data: data)), parameters: [parameters])
        for encryption in [0, 1, 2, 4] as [UInt8] {
            let octets = try resigned(KEMACPayload(encryption: encryption, data: data))
            let error = refusal { try request.receive(octets, parameters: [parameters]) }
            #expect(error == .message(.encryptionAlgorithm(encryption)))
            #expect(error?.answer == .error(.invalidEncryption))
        }
        let authenticated = try resigned(KEMACPayload(encryption: 3, data: data, macAlgorithm: .hmacSHA256))
        #expect(
            refusal { try request.receive(authenticated, parameters: [parameters]) }
                == .message(.macAlgorithm(.hmacSHA256)))
    }

    @Test func aRequestHasOneToSixtyFourKeys() throws {
        #expect(refusal { try request(random: SeededRandom(seed: 1), wanted: []) } == .message(.missing("IDRi")))
        let days = (0..<65).map { DatedIdentity(wanted[0].identity, on: wanted[0].day.advanced(by: $0)) }
        #expect(refusal { try request(random: SeededRandom(seed: 1), wanted: days) } == .message(.tooManyKeys))
        let most = try request(random: SeededRandom(seed: 1), wanted: days.dropLast())
        let received = try ReceivedKeyRequest(most.octets, kms: kms, now: now)
        #expect(received.requested.count == 64)
        _ = try received.authenticated(by: psk)
    }
}
