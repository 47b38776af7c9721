import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC

/// `Mailbox.Deposit`: takes a deposit under the session of an exchange, and gives its receipt when the log has it durably.
struct DepositService: Sendable {
    let vault: SessionVault
    let rates: RateAdmission
    let mailLog: any MailLog
    let view: any MailboxView
    let configuration: FrontConfiguration
    /// The domains whose KMS is the front's own: between two of their names there is a sender proof.
    let domains: Set<String>
    let metrics: FrontMetrics
    let log: Log

    /// Throws `RPCStatus`.
    ///
    /// - Parameter caller: the trace that the sender is in, if any.
    func deposit(_ requests: Requests<DepositRequest>, caller: TraceContext?) async throws -> DepositReceipt {
        var span: Span?
        do {
            let receipt = try await take(requests, caller, &span)
            configuration.tracer.end(span)
            return receipt
        } catch {
            configuration.tracer.end(span, failure: "not stored")
            metrics.countDeposit(error)
            throw FrontFault.status(for: error, log: log)
        }
    }

    private func take(
        _ requests: Requests<DepositRequest>, _ caller: TraceContext?, _ span: inout Span?
    ) async throws -> DepositReceipt {
        guard case .opening(let opening) = try await next(requests) else {
            throw DepositFault.order("a deposit begins with its opening")
        }
        let (session, keys, header) = try await authenticate(opening)
        try await rates.admit(depositOf: session.initiator, now: configuration.now())
        let key = DepositKey(id: header.fields.id, mailbox: header.fields.recipient)
        let partition = mailLog.partition(of: key)
        let trace = DepositTrace(key.id)
        // Who calls from another trace is told of by a link.
        let isOwn = caller?.traceID == trace.id
        span = configuration.tracer.begin(
            "Mailbox/Deposit", .server, in: trace.id, id: trace.depositSpan, parent: isOwn ? caller?.spanID : nil)
        span?.link = isOwn ? nil : caller
        span?.attributes = [
            ("poste.deposit.id", LogValue(key.id)), ("poste.partition", LogValue(partition)),
            ("poste.deposit.octets", LogValue(header.layout.ciphertextLength)),
        ]
        let known = try await view.deposit(key, partition: partition)
        let admission = Admission(
            header, under: session.facts, known: known?.envelope,
            usage: try await view.usage(of: key.mailbox, partition: partition),
            limits: configuration.limits.deposits, now: configuration.now())
        switch admission {
        case .refuse(let fault): throw fault
        case .receiptAgain(let envelope):
            metrics.deposits["repeated"].add()
            log.info("deposit known, receipt again", ["deposit": LogValue(key.id)])
            return DepositReceipt(envelope.stored, keys)
        case .store: break
        }
        let (place, digest, proof, closed) = try await content(header, requests)
        let envelope = try Envelope(
            deposit: header, encryptedKey: opening.esk, receivedAt: configuration.now(),
            senderProof: proof, ciphertextDigest: digest, place: place)
        if case .run = place { try await requireRoom(for: envelope, in: partition) }
        let append = configuration.tracer.begin(
            "append to poste.envelopes", .producer, in: trace.id, parent: trace.depositSpan)
        try await mailLog.append(envelope)
        configuration.tracer.end(append)
        metrics.commit.observe(since: closed)
        metrics.deposits["stored"].add()
        metrics.depositOctets.add(envelope.ciphertextLength)
        log.info(
            "deposit stored",
            [
                "deposit": LogValue(key.id), "trace_id": LogValue(key.id),
                "octets": LogValue(envelope.ciphertextLength),
                "partition": LogValue(partition),
            ])
        // A load balancer that has the answer before the end of the request may throw away both: the receipt goes behind it.
        _ = try? await withPatience(.seconds(1)) { try await requests.next() }
        return DepositReceipt(envelope.stored, keys)
    }

    /// A large content takes its time, in which others may have filled the mailbox.
    private func requireRoom(for envelope: Envelope, in partition: Int) async throws {
        let usage = try await view.usage(of: envelope.mailbox, partition: partition)
        guard configuration.limits.deposits.quota.hasRoom(for: envelope.ciphertextLength, beside: usage) else {
            throw Admission.Fault.quotaExceeded
        }
    }

    /// Nothing of a deposit is taken before its tag and its ESK have shown that it belongs to the session.
    private func authenticate(
        _ opening: DepositOpening
    ) async throws -> (EstablishedSession, DepositSession, DepositHeader) {
        guard opening.csbID.count == 4, opening.tag.count == 32 else {
            throw DepositFault.field("a CSB ID of 4 octets and a tag of 32 are needed")
        }
        guard (1...Int(UInt16.max)).contains(opening.esk.count) else {
            throw DepositFault.field("the exchange's ESK is needed, of at most 65535 octets, in every opening")
        }
        let csbID = opening.csbID.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let exchange = ExchangeKey(csbID: csbID, initiator: try Identity(octets: opening.initiator))
        let header = try DepositHeader(octets: opening.header)
        guard let session = try await vault.state(of: exchange)?.state?.session, let esk = session.esk else {
            throw FrontFault.noSession
        }
        let keys = try DepositSession(
            tgk: session.tgk, csbID: opening.csbID, messageDigest: session.iMessage2Digest)
        guard keys.verify(openingTag: opening.tag, for: header) else { throw FrontFault.wrongTag }
        // The session knows the ESK by its SHA-256 alone: when the envelope is erased, no other copy of it is left.
        guard esk.isDigest(of: opening.esk) else { throw FrontFault.otherESK }
        // Who calls the mailbox itself fetches his mail; nothing can be left there.
        guard session.isDeferredOrRedirected else { throw FrontFault.noMailbox(session.called) }
        return (session, keys, header)
    }

    private func content(
        _ header: DepositHeader, _ requests: Requests<DepositRequest>
    ) async throws -> (Envelope.Place, digest: [UInt8], proof: [UInt8]?, closed: ContinuousClock.Instant) {
        var content = DepositContent(header, mailLog: mailLog, limits: configuration.limits)
        while true {
            switch try await next(requests) {
            case .chunk(let chunk): try await content.append(chunk)
            case .closing(let closing):
                let closed = ContinuousClock.now
                let (place, digest) = try await content.finish()
                guard closing.ciphertextSHA256 == digest else { throw DepositFault.otherDigest }
                let isProofOwed = header.fields.sender.domain.map(domains.contains) ?? false
                guard closing.senderProof.count == SenderProof.size || (closing.senderProof.isEmpty && !isProofOwed)
                else {
                    throw DepositFault.field("a sender proof of 32 octets is due; only between two KMSs there is none")
                }
                return (place, digest, closing.senderProof.isEmpty ? nil : closing.senderProof, closed)
            case .opening: throw DepositFault.order("a second opening; one call carries one deposit")
            case nil: throw DepositFault.order("an empty message")
            }
        }
    }

    /// The next message, in time. A stream that ends before its closing is a broken one, and leaves nothing that exists.
    private func next(_ requests: Requests<DepositRequest>) async throws -> DepositRequest.Part? {
        let request = try await withPatience(configuration.limits.depositPatience) { try await requests.next() }
        guard let request else { throw DepositFault.order("the stream ended before the closing of the deposit") }
        return request.part
    }
}

extension EstablishedSession {
    /// What a deposit's header is compared with.
    var facts: HandshakeFacts {
        HandshakeFacts(
            initiator: initiator, called: called, timestamp: timestamp.rawValue, day: timestamp.time.day,
            encryptedKeyDigest: esk?.digest ?? [])
    }
}

extension DepositReceipt {
    init(_ stored: StoredContent, _ keys: DepositSession) {
        self.init(receivedAtMs: UInt64(stored.receivedAt.milliseconds), mac: keys.receiptMAC(for: stored))
    }
}
