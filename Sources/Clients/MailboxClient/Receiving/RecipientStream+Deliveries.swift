import IBAKE
import IdentityBasedEncryption
import MIKEY
import Mailbox
import MailboxAPI
import Primitives

/// What a recipient does with each delivery (docs/protocol.md choice 26): takes and shows it, refuses it, or leaves it.
extension RecipientStream {
    /// The keys that a content was opened with, for its proof.
    struct KeyBasis {
        let ring: KeyRing
        let own: DatedIdentity
    }

    /// Judges the opening of a delivery.
    mutating func open(_ opened: MailboxAPI.Delivery) async throws {
        let delivery = Mailbox.Delivery(
            sequence: opened.sequence, header: opened.header, encryptedKey: opened.esk, sender: opened.sender,
            receivedAt: UTCTime(milliseconds: Int64(clamping: opened.receivedAtMs)),
            senderProof: opened.senderProof.isEmpty ? nil : opened.senderProof, mac: opened.mac)
        switch try session.receive(delivery) {
        case .deposit(let incoming): try await begin(incoming)
        case .receipt(let header): try await take(header, delivery.sequence)
        case .refuse(let id, let refusal): try await refuse(delivery.sequence, id, refusal)
        case .leave(let reason): await leave("\(reason)")
        }
    }

    private mutating func begin(_ incoming: IncomingDeposit) async throws {
        let sequence = incoming.delivery.sequence
        let fields = incoming.header.fields
        if waiting["\(fields.id)"] != nil {
            waiting["\(fields.id)"]?.append(sequence)
            return
        }
        switch inbox.seen.knowledge(of: incoming.header) {
        case .seen: return try await acknowledge(sequence, fields.id)
        case .other:
            return try await refuse(sequence, fields.id, reason: "its id was that of another deposit", incoming.header)
        case .new: break
        }
        do {
            let (content, keys) = try await open(incoming)
            let file = try inbox.begin(incoming.header)
            current = .content(DeliveryContent(content, of: incoming, file: file), sequence: sequence, keys: keys)
        } catch let refusal as Refusal {
            try await refuse(sequence, fields.id, reason: "\(refusal)", incoming.header)
        } catch let fault as CannotJudge {
            await leave(fault.description)
        }
    }

    /// Opens the ESK. Throws `Refusal`, and `CannotJudge` where there is no key of its day.
    private func open(_ incoming: IncomingDeposit) async throws -> (IncomingContent, KeyBasis) {
        let day = NTPTimestamp(rawValue: incoming.header.fields.timestamp).time.day
        let own = DatedIdentity(recipient, on: day)
        do {
            let ring = try await client.keys.ring(of: recipient, on: [day])
            let chain = try await client.pool.run {
                try SecretKeyChain(opening: incoming.delivery.encryptedKey, as: own, keys: ring)
            }
            return (try incoming.content(sender: chain.initiator, sk: chain.sk), KeyBasis(ring: ring, own: own))
        } catch IBAKEError.noPrivateKey, IBAKEError.failure {
            throw CannotJudge("there is no private key of \(day) for it")
        } catch is IBAKEError {
            throw Refusal.unreadableESK
        } catch let error as MailboxClientError {
            // A full disk or a cancelled task is no matter of this delivery.
            if case .file = error { throw error }
            if case .cancelled = error { throw error }
            throw CannotJudge("there is no private key of \(day) for it: \(error)")
        }
    }

    /// Takes a chunk of the current delivery.
    mutating func append(_ chunk: [UInt8]) async throws {
        guard case .content(var content, let sequence, let keys) = current else { return }
        // Not two owners of the content while it changes.
        current = .skipped
        do {
            try content.append(chunk)
        } catch let refusal as Refusal {
            return try await refuse(
                sequence, content.header.fields.id, reason: "\(refusal)", content.header)
        }
        await hear(
            .progress(
                id: "\(content.header.fields.id)", received: content.received, total: content.header.fields.length))
        current = .content(content, sequence: sequence, keys: keys)
    }

    /// Ends the current delivery: all its chunks have come.
    mutating func finish() async throws {
        guard case .content(let content, let sequence, let keys) = current else { return }
        current = .skipped
        let fields = content.header.fields
        let deposit: ReceivedDeposit
        do {
            let basis = try await proofBasis(content.header, keys)
            deposit = try content.store(in: inbox, basis: basis)
        } catch let refusal as Refusal {
            return try await refuse(sequence, fields.id, reason: "\(refusal)", content.header)
        }
        waiting[deposit.id] = [sequence]
        let ready = order.add(
            Stored(deposit: deposit, id: fields.id, lifetimeSeconds: fields.lifetime), handshake: deposit.handshake,
            number: deposit.number, expected: inbox.seen.nextNumber(ofHandshake: deposit.handshake), now: .now)
        try await show(ready)
    }

    /// k of choice 25 under each serial that both have.
    private func proofBasis(_ header: DepositHeader, _ keys: KeyBasis) async throws -> IncomingContent.ProofBasis {
        let fields = header.fields
        let common = keys.ring.parameters(for: fields.sender)
        let own = keys.ring.privateKeys(for: keys.own).filter { common.contains($0.parameters) }
        guard !own.isEmpty else { return .differentKMS }
        let peer = DatedIdentity(fields.sender, on: keys.own.day)
        return .keys(
            try await client.pool.run {
                try own.map {
                    try SenderProofKey.derive(
                        own: $0, peer: peer, depositID: fields.id.octets, parameters: $0.parameters)
                }
            })
    }

    /// Shows deposits to the application, notes that it has seen them, and acknowledges them; in this order, so that a
    /// process that dies in between shows one again, rather than not at all.
    mutating func show(_ ready: [Stored]) async throws {
        for stored in ready {
            await hear(.deposit(stored.deposit))
            try inbox.seen.note(stored.deposit, lifetimeSeconds: stored.lifetimeSeconds)
            summary.deposits += 1
            for sequence in waiting.removeValue(forKey: stored.deposit.id) ?? [] {
                try await acknowledge(sequence, stored.id)
            }
        }
    }

    private mutating func take(_ receipt: ReceiptHeader, _ sequence: UInt64) async throws {
        let record = SentRecord(of: client.profile)
        switch try record.knowledge(of: receipt) {
        case .unknown: return try await refuse(sequence, receipt.deposit, .unexpectedReceipt)
        case .taken: break
        case .awaited(let header):
            await hear(
                .receipt(
                    DeliveryReceipt(
                        id: "\(receipt.deposit)", recipient: "\(receipt.recipient)",
                        acknowledgedAtMs: receipt.acknowledgedAt.milliseconds)))
            try record.take(receipt, of: header, now: client.now())
            summary.receipts += 1
        }
        try await acknowledge(sequence, receipt.deposit)
    }

    private mutating func acknowledge(_ sequence: UInt64, _ id: DepositID) async throws {
        try await answer(session.acknowledge(sequence, id))
    }

    private mutating func refuse(_ sequence: UInt64, _ id: DepositID, _ refusal: Refusal) async throws {
        try await refuse(sequence, id, reason: "\(refusal)", nil)
    }

    private mutating func refuse(
        _ sequence: UInt64, _ id: DepositID, reason: String, _ header: DepositHeader?
    ) async throws {
        summary.refused += 1
        await hear(.refused(id: "\(id)", reason: reason))
        try await answer(session.refuse(sequence, id))
        guard let header else { return }
        let handshake = ReceivedDeposit.handshake(of: header)
        try await show(
            order.skip(
                handshake: handshake, number: header.fields.number,
                expected: inbox.seen.nextNumber(ofHandshake: handshake)))
    }

    private mutating func leave(_ reason: String) async {
        summary.left += 1
        await hear(.left(reason: reason))
    }

    private mutating func answer(_ answer: Mailbox.Acknowledgement) async throws {
        unsettled[answer.sequence] = .now
        // Where the call is over, reading it says how.
        _ = try await link.send(
            ReceiveRequest(
                .acknowledgement(
                    MailboxAPI.Acknowledgement(
                        sequence: answer.sequence, id: answer.id.octets, refused: answer.isRefusal, mac: answer.mac))))
    }
}

/// Why a delivery is left unanswered.
private struct CannotJudge: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
