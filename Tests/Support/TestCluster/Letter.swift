import IBAKE
import IdentityBasedEncryption
import MIKEY
import Mailbox
import MailboxAPI
import Primitives
import RPC

/// A deposit ready to be left, each part of which a test may spoil.
package struct Letter: Sendable {
    package let header: DepositHeader
    package let keys: DepositSession
    package var opening: DepositOpening
    package var chunks: [[UInt8]]
    package var closing: DepositClosing

    /// Seals a content under a session of the sender's.
    package init(
        _ content: [UInt8], from sender: Person, under session: EstablishedSession, number: UInt32 = 0,
        change: (inout DepositHeader.Fields) -> Void = { _ in }
    ) throws {
        guard let sk = session.secretKey, let esk = session.esk else { throw NeverHappened(description: "no SK") }
        var fields = DepositHeader.Fields(
            id: try DepositID(octets: SystemRandom().octets(16)), sender: sender.identity, recipient: session.called,
            timestamp: session.timestamp.rawValue, curve: sk.curve,
            encryptedKeyDigest: esk.digest, mediaType: "text/plain",
            length: UInt64(content.count), created: sender.cluster.clock.now, lifetime: 3600, number: number)
        change(&fields)
        header = try DepositHeader(fields)
        keys = try DepositSession(
            tgk: session.tgk, csbID: session.csbIDOctets, messageDigest: session.iMessage2Digest)
        opening = DepositOpening(
            csbID: session.csbIDOctets, initiator: sender.identity.octets, header: header.octets,
            tag: keys.openingTag(for: header), esk: sk.esk)
        chunks = []
        closing = DepositClosing()
        try seal(content, sk.octets)
        let day = session.timestamp.time.day
        let proofKey = try SenderProofKey.derive(
            own: sender.cluster.keys.master.extract(DatedIdentity(sender.identity, on: day).octets),
            peer: DatedIdentity(session.called, on: day), depositID: fields.id.octets,
            parameters: sender.cluster.keys.master.parameters)
        closing.senderProof = SenderProof.make(
            key: proofKey, header: header, ciphertextDigest: closing.ciphertextSHA256)
    }

    private mutating func seal(_ content: [UInt8], _ sk: SecretBytes) throws {
        // Headers whose length is not the content's are for tests of refusals: there is nothing to seal.
        guard header.fields.length == UInt64(content.count) else { return }
        var seal = try ContentSeal(sk: sk, header: header)
        chunks = try seal.append(content)
        chunks.append(try seal.finish())
        closing.ciphertextSHA256 = seal.ciphertextDigest
    }

    /// All of its messages, in order.
    package var messages: [DepositRequest] {
        [DepositRequest(.opening(opening))] + chunks.map { DepositRequest(.chunk($0)) }
            + [DepositRequest(.closing(closing))]
    }

    package var id: DepositID { header.fields.id }
    package var key: DepositKey { DepositKey(id: id, mailbox: header.fields.recipient) }

    /// Whether a receipt is that of the mailbox for these octets.
    package func isConfirmed(by receipt: DepositReceipt) -> Bool {
        keys.verify(
            receiptMAC: receipt.mac,
            for: StoredContent(
                id: id, receivedAt: UTCTime(milliseconds: Int64(receipt.receivedAtMs)),
                ciphertextDigest: closing.ciphertextSHA256, senderProof: closing.senderProof))
    }
}

extension TestFront {
    /// Sends these messages and waits for the receipt.
    package func deposit(_ messages: [DepositRequest]) async throws(RPCStatus) -> DepositReceipt {
        let call = try channel.open(Methods.deposit, deadline: .seconds(30), waitsForReady: true)
        for message in messages {
            guard try await call.send(message) else { break }
        }
        return try await call.response()
    }

    /// Leaves a letter.
    @discardableResult
    package func leave(_ letter: Letter) async throws(RPCStatus) -> DepositReceipt {
        try await deposit(letter.messages)
    }
}

extension Person {
    /// Letters under one session, numbered from 0.
    package func letters(_ count: Int, size: Int = 10, under session: EstablishedSession) throws -> [Letter] {
        try (0..<count).map { number in
            try Letter(
                [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size), from: self, under: session,
                number: UInt32(number))
        }
    }
}
