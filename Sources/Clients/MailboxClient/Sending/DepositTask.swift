import IBAKE
import Mailbox
import MailboxAPI
import Primitives
import RPC
import Synchronization

/// One deposit on its way: attempts with the same id, header and octets, until the mailbox has it.
struct DepositTask: Sendable {
    let session: EstablishedSession
    let header: DepositHeader
    let content: ContentSource
    let proofKey: SecretBytes
    let caller: RetryingCaller
    let progress: @Sendable (UInt64) -> Void

    /// An attempt that hears nothing and moves nothing for so long is given up.
    private static let patience = Duration.seconds(30)

    /// What attempts leave for the next one.
    private struct Course {
        var witness = ContentWitness()
        /// The most octets that an attempt has sent.
        var furthest: UInt64 = 0
        /// Whether an attempt may have reached its end without an answer: then it may have been stored.
        var mayBeStored = false
    }

    /// Throws `MailboxClientError`.
    func run() async throws -> SentDeposit {
        let deposits = try DepositSession(
            tgk: session.tgk, csbID: session.csbIDOctets, messageDigest: session.iMessage2Digest)
        let opening = DepositOpening(
            csbID: session.csbIDOctets, initiator: session.initiator.octets, header: header.octets,
            tag: deposits.openingTag(for: header), esk: session.secretKey?.esk ?? [])
        guard caller.now() < session.depositsEnd else { throw MailboxClientError.sessionGone }
        // An attempt that gets further than all before it begins a new budget of time.
        var schedule = RetrySchedule(budget: caller.budget)
        var course = Course()
        let front = caller.nextFront()
        var attempts = 0
        while true {
            let furthest = course.furthest
            let failure: RPCStatus
            do {
                let channel = try caller.services.front(front + attempts)
                attempts += 1
                return try await attempt(opening, deposits, channel, attempts, &course)
            } catch let status as RPCStatus {
                failure = status
            } catch MailboxClientError.unavailable(_, let reason) {
                failure = RPCStatus(.unavailable, reason)
            }
            if failure.code == .notFound {
                guard course.mayBeStored else { throw MailboxClientError.sessionGone }
                throw MailboxClientError.outcomeUnknown(depositID: "\(header.fields.id)")
            }
            if course.furthest > furthest { schedule.succeeded() }
            do {
                try await caller.pause(&schedule, after: failure, of: "mailbox")
            } catch {
                guard course.mayBeStored else { throw error }
                throw MailboxClientError.outcomeUnknown(depositID: "\(header.fields.id)")
            }
        }
    }

    /// Sends all of it once. Throws `RPCStatus` where another attempt may do better.
    private func attempt(
        _ opening: DepositOpening, _ deposits: DepositSession, _ channel: RPCChannel, _ number: Int,
        _ course: inout Course
    ) async throws -> SentDeposit {
        let call = try channel.open(Methods.deposit, metadata: DepositTrace(header.fields.id).metadata)
        let watch = StallWatch(patience: Self.patience) { call.cancel() }
        defer { watch.stop() }
        var sealing = Sealing(seal: try ContentSeal(sk: secretKey, header: header))
        var early: DepositReceipt?
        if !(try await send(.opening(opening), call, watch)) { early = try await call.response() }
        while let chunk = try nextChunk(&sealing, &course) {
            // A front that knows the deposit answers at once. What is left is sealed all the same: the receipt covers
            // it.
            guard early == nil else { continue }
            guard try await send(.chunk(chunk), call, watch) else {
                early = try await call.response()
                continue
            }
            course.furthest = max(course.furthest, sealing.taken)
            progress(sealing.taken)
        }
        let digest = sealing.seal.ciphertextDigest
        let proof = SenderProof.make(key: proofKey, header: header, ciphertextDigest: digest)
        let closing = DepositClosing(ciphertextSHA256: digest, senderProof: proof)
        let receipt: DepositReceipt
        if let early { receipt = early } else { receipt = try await close(closing, call, watch, &course) }
        let receivedAt = UTCTime(milliseconds: Int64(clamping: receipt.receivedAtMs))
        let stored = StoredContent(
            id: header.fields.id, receivedAt: receivedAt, ciphertextDigest: digest, senderProof: proof)
        guard deposits.verify(receiptMAC: receipt.mac, for: stored) else {
            throw MailboxClientError.untrusted(
                peer: "mailbox", reason: "the receipt's MAC is wrong: what it has is not what was sent")
        }
        return sent(sealing, receivedAt, channel.address, number)
    }

    private var secretKey: SecretBytes { session.secretKey?.octets ?? SecretBytes([]) }

    private func send(
        _ part: DepositRequest.Part, _ call: Call<DepositRequest, DepositReceipt>, _ watch: StallWatch
    ) async throws -> Bool {
        defer { watch.moved() }
        return try await call.send(DepositRequest(part))
    }

    /// Ends the deposit and waits for its receipt.
    private func close(
        _ closing: DepositClosing, _ call: Call<DepositRequest, DepositReceipt>, _ watch: StallWatch,
        _ course: inout Course
    ) async throws -> DepositReceipt {
        // Where the call was over before, the front has not had all of it.
        let isSent = try await send(.closing(closing), call, watch)
        do {
            return try await call.response()
        } catch {
            // What is final is a verdict of the front on the whole of it, and who is busy or full has taken none of it: this
            // attempt was not stored.
            let isRefused = RetrySchedule.verdict(error.code) == .final || error.code == .resourceExhausted
            if isSent, !isRefused { course.mayBeStored = true }
            throw error
        }
    }

    private struct Sealing {
        var seal: ContentSeal
        var taken: UInt64 = 0
        var pieces = 0
        var hash = RunningHash(.sha256)
        var isFinished = false
    }

    /// The next sealed chunk, nil behind the last.
    private func nextChunk(_ sealing: inout Sealing, _ course: inout Course) throws -> [UInt8]? {
        guard !sealing.isFinished else { return nil }
        while sealing.taken < content.length {
            let count = Int(min(UInt64(header.fields.chunkSize), content.length - sealing.taken))
            let piece = try content.read(at: sealing.taken, count: count)
            guard piece.count == count, course.witness.accepts(piece, at: sealing.pieces) else {
                throw MailboxClientError.contentChanged(path: content.name)
            }
            sealing.hash.update(piece)
            sealing.taken += UInt64(count)
            sealing.pieces += 1
            // Nothing comes of the last piece: it is sealed as the last chunk below.
            if let chunk = try sealing.seal.append(piece).first { return chunk }
        }
        sealing.isFinished = true
        return try sealing.seal.finish()
    }

    private func sent(
        _ sealing: Sealing, _ receivedAt: UTCTime, _ address: String, _ attempts: Int
    ) -> SentDeposit {
        let fields = header.fields
        return SentDeposit(
            id: "\(fields.id)", sender: "\(fields.sender)", recipient: "\(fields.recipient)",
            mediaType: fields.mediaType,
            bytes: fields.length, sha256: hexadecimal(sealing.hash.finish()), receivedAtMs: receivedAt.milliseconds,
            expiresAtMs: receivedAt.adding(seconds: fields.lifetime).milliseconds, front: address, attempts: attempts)
    }
}
