import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// Whole exchanges of the vectors, computed again to the octet from both sides.
@Suite struct VectorExchangeTests {
    private static let exchanges = ["exchange", "fetch", "receipt_fetch"]

    @Test(arguments: ["1024", "3072"], exchanges)
    func theInitiatorSendsTheSameOctets(level: String, name: String) throws {
        let exchange = try Exchange(level, name)
        let random = try exchange.initiatorDraws()
        let first = try exchange.begun(random)
        #expect(try first.iMessage1 == exchange.octets(0))
        let second = try first.receive(
            rMessage1: exchange.octets(1), keys: exchange.keys, now: exchange.clock(2), random: random)
        #expect(try second.iMessage2 == exchange.octets(2))
        #expect(second.responder == exchange.responder)
        #expect(second.outcome == (name == "exchange" ? .deferred : .answered))
        let session = try second.receive(rMessage2: exchange.octets(3), keys: exchange.keys)
        #expect(random.isExhausted)
        try expect(session, of: exchange)
        if name == "exchange" {
            #expect(session.secretKey?.curve == .p256)
            #expect(try session.secretKey?.octets == exchange.vector["secrets"]["a"]["point"].secret)
        } else {
            #expect(session.secretKey == nil)
        }
    }

    @Test(arguments: ["1024", "3072"], exchanges)
    func theResponderAnswersTheSameOctets(level: String, name: String) throws {
        let exchange = try Exchange(level, name)
        let random = try exchange.responderDraws()
        let first = try exchange.opened(random)
        #expect(try first.octets == exchange.octets(1))
        #expect(first.state.session == nil)
        // Another front goes on from the stored octets.
        let stored = try ResponderState(serialized: first.state.serialized)
        #expect(stored == first.state)
        let second = try exchange.mailbox.answer(
            exchange.octets(2), state: stored, now: exchange.clock(3), random: random)
        #expect(try second.octets == exchange.octets(3))
        #expect(random.isExhausted)
        let session = try #require(second.state.session)
        try expect(session, of: exchange)
        #expect(session.secretKey == nil)
        #expect(try ResponderState(serialized: second.state.serialized) == second.state)
        #expect(try second.state.key == ExchangeKey(of: exchange.octets(0)))
    }

    private func expect(_ session: EstablishedSession, of exchange: Exchange) throws {
        #expect(session.initiator == exchange.initiator)
        #expect(session.called == exchange.called)
        #expect(session.responder == exchange.responder)
        #expect(try session.tgk == exchange.vector["TGK"].secret)
        #expect(try session.csbIDOctets == exchange.vector["csb_id"].octets)
        #expect(try session.timestamp.octets == exchange.message(2)["T"].octets)
        #expect(try session.iMessage2Digest == HashFunction.sha256.hash(exchange.octets(2)))
        let esk =
            try exchange.message(2)["encrypted"].list.count > 1
            ? exchange.message(2)["encrypted"].list[1]["encr_data"].octets : nil
        #expect(session.esk?.digest == esk.map(HashFunction.sha256.hash))
        #expect(session.esk?.timestamp == (esk == nil ? nil : session.timestamp))
        #expect(session.isDeferredOrRedirected == (exchange.called != exchange.responder))
        #expect(session.depositsEnd.description == "2026-12-02T00:10:00.000Z")
        #expect(try EstablishedSession(serialized: session.serialized) == session)
    }

    /// The intermediate values, each from those before it.
    @Test(arguments: ["1024", "3072"], exchanges)
    func kSessionIsTheWholePoint(level: String, name: String) throws {
        let exchange = try Exchange(level, name)
        let secrets = try exchange.vector["secrets"]
        let x = try secrets[secrets.has("x2") ? "x2" : "x"]
        let own = try ECDHPrivateKey(scalar: SecretBytes(x["scalar"].octets(ofNumberIn: 32)), curve: .p256)
        #expect(try own.point.uncompressed == x["point"].octets)
        let y = try ECDHPoint(octets: secrets["y"]["point"].octets, curve: .p256)
        #expect(try own.sharedPoint(with: y) == exchange.vector["K_SESSION"].secret)
    }

    /// Each encrypted part, forwards and backwards.
    @Test(arguments: ["1024", "3072"], exchanges)
    func encryptedParts(level: String, name: String) throws {
        let exchange = try Exchange(level, name)
        for message in try exchange.vector["messages"].list {
            for part in try message["encrypted"].list {
                let identity = try DatedIdentity(octets: Array(part["identity"].text.utf8))
                #expect(try identity.day == message["clock"].time.day)
                let parameters = try #require(exchange.keys.parameters(for: identity.identity).first)
                let encrypted = try parameters.encrypt(
                    part["plaintext"].octets, to: identity.octets, random: ScriptedRandom([part["rho"].octets]))
                #expect(try encrypted == part["encr_data"].octets)
                let key = try #require(exchange.keys.privateKeys(for: identity).first)
                #expect(try key.decrypt(encrypted) == part["plaintext"].secret)
            }
        }
    }

    /// Ben opens what the mailbox kept.
    @Test(arguments: ["1024", "3072"])
    func theRecipientOpensTheESK(level: String) throws {
        let file = try Vector(file: "deferred-\(level).json")
        let exchange = try Exchange(level, "exchange")
        let ben = DatedIdentity(exchange.called, on: try exchange.clock(2).day)
        let chain = try SecretKeyChain(opening: file["esk"].octets, as: ben, keys: exchange.keys)
        #expect(chain.initiator == exchange.initiator)
        #expect(try chain.sk == exchange.vector["secrets"]["a"]["point"].secret)
        let tomorrow = DatedIdentity(exchange.called, on: ben.day.advanced(by: 1))
        #expect(throws: IBAKEError.noPrivateKey(tomorrow)) {
            try SecretKeyChain(opening: file["esk"].octets, as: tomorrow, keys: exchange.keys)
        }
        let anna = DatedIdentity(exchange.initiator, on: ben.day)
        #expect(throws: IBAKEError.undecryptable(payload: "ESK", anna)) {
            try SecretKeyChain(opening: file["esk"].octets, as: anna, keys: exchange.keys)
        }
    }

    /// R_MESSAGE_2 has an IBAKE only where I_MESSAGE_2 had an ECCPTi, even under a V that is right.
    @Test func anIBAKEThatEchoesNothingIsRefused() throws {
        let exchange = try Exchange("1024", "fetch")
        let random = try exchange.initiatorDraws()
        let second = try exchange.begun(random).receive(
            rMessage1: exchange.octets(1), keys: exchange.keys, now: exchange.clock(2), random: random)
        let good = try MIKEYMessage(octets: exchange.octets(3))
        let octets = MIKEYMessage(good.header, good.payloads.dropLast() + [.ibake(EncryptedPayload([1]))])
            .authenticated(
                key: try exchange.vector["auth_key"].secret, suite: .sha256,
                identities: [exchange.initiator.octets, exchange.responder.octets]
            ).octets
        #expect(
            refusal { try second.receive(rMessage2: octets, keys: exchange.keys) } == .message(.unexpected(.ibake)))
    }
}
