import IdentityBasedEncryption
import Mailbox
import Primitives
import StoreBehaviour
import TestVectors
import Testing

/// What a recipient does with deliveries that are not as they should be (docs/protocol.md, choice 26).
struct RecipientChecksTests {
    let mail: SampleMail
    let key: DeliveryKey
    var session: RecipientSession

    init() throws {
        mail = SampleMail(from: try person("anna"), to: try person("ben"), seed: 3)
        let tgk = SecretBytes([UInt8](repeating: 9, count: 32))
        key = try DeliveryKey(tgk: tgk, csbID: [1, 2, 3, 4])
        session = try RecipientSession(tgk: tgk, csbID: [1, 2, 3, 4], recipient: mail.recipient)
    }

    func delivery(_ sequence: UInt64 = 0, _ change: (inout Delivery) throws -> Void = { _ in }) throws -> Delivery {
        var delivery = Delivery(
            sequence: sequence, header: try mail.header().octets, encryptedKey: mail.encryptedKey,
            sender: mail.sender.octets, receivedAt: UTCTime(milliseconds: 5), senderProof: nil, mac: [])
        try change(&delivery)
        delivery.mac = key.mac(of: delivery)
        return delivery
    }

    mutating func refusal(_ change: (inout Delivery) throws -> Void) throws -> Refusal? {
        guard case .refuse(let id, let refusal) = try session.receive(delivery(0, change)) else { return nil }
        #expect(try id == mail.id)
        return refusal
    }

    @Test mutating func wrongMACBreaksTheStreamAndTheCountStays() throws {
        var forged = try delivery()
        forged.receivedAt = UTCTime(milliseconds: 6)
        #expect(throws: RecipientSession.Fault.wrongMAC) { _ = try session.receive(forged) }
        guard case .deposit = try session.receive(delivery()) else {
            Issue.record("the good one was not taken")
            return
        }
    }

    @Test mutating func repeatedAndMissingSequencesBreakTheStream() throws {
        _ = try session.receive(delivery(0))
        #expect(throws: RecipientSession.Fault.wrongSequence(expected: 1, received: 0)) {
            _ = try session.receive(delivery(0))
        }
        #expect(throws: RecipientSession.Fault.wrongSequence(expected: 1, received: 2)) {
            _ = try session.receive(delivery(2))
        }
        _ = try session.receive(delivery(1))
    }

    @Test mutating func badInsideIsRefusedAndTheCountGoesOn() throws {
        let refused = try refusal { $0.sender = try person("mallory").octets }
        #expect(refused == .otherSender)
        guard case .deposit = try session.receive(delivery(1)) else {
            Issue.record("the next one was not taken")
            return
        }
    }

    @Test mutating func otherESKIsRefused() throws {
        #expect(try refusal { $0.encryptedKey = flipped($0.encryptedKey) } == .otherESK)
    }

    @Test mutating func otherRecipientIsRefused() throws {
        var other = mail
        other.recipient = try person("carl")
        #expect(try refusal { $0.header = try other.header().octets } == .otherRecipient)
    }

    @Test mutating func malformedHeaderIsRefusedByItsID() throws {
        let refused = try refusal { $0.header += [0] }
        #expect(refused == .malformedHeader(.trailing(count: 1)))
    }

    @Test mutating func whatHasNoIDOrIsOfALaterVersionIsLeft() throws {
        let nameless = try delivery(0) { $0.header = [1, 2, 3] }
        guard case .leave(.unreadableHeader) = try session.receive(nameless) else {
            Issue.record("it was not left")
            return
        }
        let later = try delivery(1) { $0.header[19] = UInt8(ascii: "2") }
        guard case .leave(.laterVersion("poste deposit v2")) = try session.receive(later) else {
            Issue.record("it was not left")
            return
        }
    }

    @Test mutating func keyOfAnotherSenderOrCurveIsRefused() throws {
        guard case .deposit(let incoming) = try session.receive(delivery()) else { throw WrongVector() }
        let point = SecretBytes([UInt8](repeating: 4, count: 65))
        #expect(throws: Refusal.otherSenderInESK) {
            _ = try incoming.content(sender: person("mallory"), sk: point)
        }
        #expect(throws: Refusal.otherCurve) {
            _ = try incoming.content(sender: mail.sender, sk: SecretBytes([UInt8](repeating: 4, count: 97)))
        }
        _ = try incoming.content(sender: mail.sender, sk: point)
    }

    @Test mutating func receiptMustComeFromOnesOwnMailboxAndCarryNothing() throws {
        let header = ReceiptHeader(
            deposit: try mail.id, recipient: try person("carl"), acknowledgedAt: UTCTime(milliseconds: 1))
        #expect(try refusal { $0.header = header.octets } == .otherSender)
        let receipt = try delivery(1) {
            $0.header = header.octets
            $0.sender = try Identity("sip:mailbox@post.example").octets
        }
        guard case .refuse(_, .receiptWithContent) = try session.receive(receipt) else {
            Issue.record("it was not refused")
            return
        }
    }

    @Test func chunksThatAreCutMovedOrAlteredAreRefused() throws {
        let vector = try DeferredVector("deferred-1024.json")
        let deposit = try vector.deposits[0]
        let header = try vector.header(deposit)
        let chunks = try vector.chunks(deposit)
        func open(_ chunks: [[UInt8]]) throws(ContentError) {
            var opening: ContentOpening
            do {
                opening = try ContentOpening(sk: vector.sk, header: header)
            } catch {
                throw .failed(reason: "\(error)")
            }
            for chunk in chunks { _ = try opening.append(chunk) }
            _ = try opening.finish()
        }
        #expect(throws: ContentError.forged(chunk: 0)) { try open([chunks[1], chunks[0], chunks[2], chunks[3]]) }
        #expect(throws: ContentError.forged(chunk: 1)) { try open([chunks[0], chunks[0], chunks[2], chunks[3]]) }
        #expect(throws: ContentError.forged(chunk: 2)) {
            try open([chunks[0], chunks[1], flipped(chunks[2]), chunks[3]])
        }
        #expect(throws: ContentError.tooShort(announced: 1064, received: 816)) { try open(Array(chunks[..<3])) }
        #expect(throws: ContentError.tooLong(announced: 1064)) { try open(chunks + [[0]]) }
        #expect(throws: ContentError.tooShort(announced: 1064, received: 0)) { try open([]) }
    }

    @Test func proofIsNeededWithOneKMSAndIgnoredWithTwo() throws {
        let vector = try DeferredVector("deferred-1024.json")
        let deposit = try vector.deposits[1]
        let fetch = try vector.vector["fetch"]
        let tgk = try fetch["TGK"].secret
        let key = try DeliveryKey(tgk: tgk, csbID: [0, 0, 0, 1])
        for (proof, fault) in [(nil, Refusal.missingProof), (flipped(try deposit["proof"].octets), .wrongProof)] {
            var session = try RecipientSession(
                tgk: tgk, csbID: [0, 0, 0, 1], recipient: Identity(fetch["initiator"].text))
            var delivery = try vector.delivery(vector.deliveries[0], of: deposit)
            delivery.sequence = 0
            delivery.senderProof = proof
            delivery.mac = key.mac(of: delivery)
            guard case .deposit(let incoming) = try session.receive(delivery) else { throw WrongVector() }
            var content = try incoming.content(sender: Identity(deposit["sender"].text), sk: vector.sk)
            for chunk in try vector.chunks(deposit) { _ = try content.append(chunk) }
            #expect(throws: fault) { _ = try content.finish(.keys([deposit["proof_key"].secret])) }
            #expect(try content.finish(.differentKMS) == .attestedByMailbox)
        }
    }
}
