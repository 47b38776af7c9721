import IdentityBasedEncryption
import Mailbox
import Primitives
import TestVectors
import Testing

/// Every value of the deliveries and delivery receipts in the vectors (docs/protocol.md, choice 26).
struct DeliveryVectorTests {
    @Test(arguments: DeferredVector.files)
    func mailboxMakesTheDeliveriesAndTakesTheAcks(file: String) throws {
        let vector = try DeferredVector(file)
        let fetch = try vector.vector["fetch"]
        let key = try DeliveryKey(tgk: fetch["TGK"].secret, csbID: fetch["csb_id"].octets)
        #expect(try key.key == vector.vector["delivery_key"].secret)
        var session = try DeliverySession(tgk: fetch["TGK"].secret, csbID: fetch["csb_id"].octets)
        for (delivery, deposit) in zip(try vector.deliveries, try vector.deposits) {
            let envelope = try vector.envelope(deposit)
            #expect(try session.open(envelope) == vector.delivery(delivery, of: deposit))
            let sequence = UInt64(try delivery["sequence"].number)
            let ack = key.acknowledgement(of: sequence, id: envelope.id, isRefusal: false)
            #expect(try ack.mac == delivery["ack"].octets)
            let refusal = key.acknowledgement(of: sequence, id: envelope.id, isRefusal: true)
            #expect(try refusal.mac == delivery["refused"].octets)
            #expect(throws: DeliverySession.Fault.wrongMAC(sequence: sequence)) {
                var forged = ack
                forged.isRefusal = true
                _ = try session.settle(forged)
            }
            #expect(try session.settle(ack) == envelope.key)
            #expect(throws: DeliverySession.Fault.unknownSequence(sequence)) { _ = try session.settle(refusal) }
        }
        #expect(session.outstandingCount == 0)
    }

    @Test(arguments: DeferredVector.files)
    func recipientTakesTheDeliveriesToTheEnd(file: String) throws {
        let vector = try DeferredVector(file)
        let fetch = try vector.vector["fetch"]
        var session = try RecipientSession(
            tgk: fetch["TGK"].secret, csbID: fetch["csb_id"].octets, recipient: Identity(fetch["initiator"].text))
        for (delivery, deposit) in zip(try vector.deliveries, try vector.deposits) {
            guard case .deposit(let incoming) = try session.receive(vector.delivery(delivery, of: deposit)) else {
                Issue.record("the deposit was not taken")
                continue
            }
            var content = try incoming.content(sender: Identity(deposit["sender"].text), sk: vector.sk)
            var plaintext: [UInt8] = []
            for chunk in try vector.chunks(deposit) {
                plaintext += try content.append(chunk).flatMap { $0.exposedCopy() }
            }
            #expect(try content.finish(.keys([deposit["proof_key"].secret])) == .verified)
            #expect(try content.finish(.differentKMS) == .attestedByMailbox)
            #expect(try plaintext == deposit["content"].octets)
            let sequence = UInt64(try delivery["sequence"].number)
            #expect(try session.acknowledge(sequence, incoming.header.fields.id).mac == delivery["ack"].octets)
            #expect(try session.refuse(sequence, incoming.header.fields.id).mac == delivery["refused"].octets)
        }
    }

    @Test(arguments: DeferredVector.files)
    func deliveryReceiptIsMadeAndTaken(file: String) throws {
        let vector = try DeferredVector(file)
        let fetch = try vector.vector["receipt_fetch"]
        let sender = try Identity(fetch["initiator"].text)
        #expect(
            try DeliveryKey(tgk: fetch["TGK"].secret, csbID: fetch["csb_id"].octets).key
                == vector.vector["receipt_key"].secret)
        for receipt in try vector.receipts {
            let header = ReceiptHeader(
                deposit: try DepositID(octets: receipt["id"].octets),
                recipient: try Identity(receipt["recipient"].text),
                acknowledgedAt: UTCTime(milliseconds: try receipt["acknowledged"].number))
            #expect(try header.octets == receipt["header"].octets)
            #expect(try ReceiptHeader(octets: receipt["header"].octets) == header)
            let envelope = try Envelope(
                receipt: header, to: sender, receivedAt: UTCTime(milliseconds: receipt["received"].number))
            #expect(try envelope.sender.description == receipt["sender"].text)
            var mailbox = try DeliverySession(tgk: fetch["TGK"].secret, csbID: fetch["csb_id"].octets)
            let delivery = mailbox.open(envelope)
            #expect(try delivery.mac == receipt["mac"].octets)
            var session = try RecipientSession(
                tgk: fetch["TGK"].secret, csbID: fetch["csb_id"].octets, recipient: sender)
            guard case .receipt(let taken) = try session.receive(delivery) else {
                Issue.record("the receipt was not taken")
                continue
            }
            #expect(taken == header)
            let told = try vector.deposits.map { taken.tells(of: try vector.header($0)) }
            #expect(told == [true, false])
            let ack = session.acknowledge(0, taken.deposit)
            #expect(try ack.mac == receipt["ack"].octets)
            #expect(try mailbox.settle(ack) == envelope.key)
        }
    }
}
