import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import RPC

extension MailboxClient {
    /// Receives what waits for an identity of the profile into an inbox, and what comes later where that is asked for.
    ///
    /// Streams that break are opened again. Each deposit is heard of once; after a crash in the instant between hearing
    /// and noting it, once more with `isRepeat` set. Cancel the task to stop.
    ///
    /// - Parameter hear: is awaited, so that a slow hearer slows the stream.
    /// Throws `MailboxClientError`.
    public func receive(
        as identity: Identity, into inbox: Inbox, _ options: ReceiveOptions = ReceiveOptions(),
        hear: @escaping @Sendable (ReceiveEvent) async -> Void
    ) async throws(MailboxClientError) -> ReceiveSummary {
        do {
            try requireOwn(identity)
            guard let mailbox = identity.mailbox else { throw MailboxClientError.noMailbox(identity: "\(identity)") }
            SentRecord(of: profile).prune(now: now())
            var course = ReceiveCourse(
                schedule: RetrySchedule(budget: options.follows ? .seconds(1 << 32) : configuration.retryBudget))
            while true {
                do {
                    try await stream(as: identity, mailbox, into: inbox, options, &course, hear)
                    return course.summary
                } catch {
                    let pause = try course.pause(after: error)
                    await hear(.reconnecting(reason: pause.reason, pause: pause.duration))
                    caller.services.refresh()
                    try await Task.sleep(for: pause.duration)
                }
            }
        } catch {
            throw MailboxClientError(error)
        }
    }

    /// One stream, with an exchange of its own.
    private func stream(
        as identity: Identity, _ mailbox: Identity, into inbox: Inbox, _ options: ReceiveOptions,
        _ course: inout ReceiveCourse, _ hear: @escaping @Sendable (ReceiveEvent) async -> Void
    ) async throws {
        let channel = try caller.services.front(caller.nextFront())
        let call = try channel.open(Methods.receive)
        let watch = StallWatch(patience: .seconds(30)) { call.cancel() }
        defer { watch.stop() }
        let observe = configuration.observe
        let established = try await Handshake(keys: keys, pool: pool, now: now)
            .run(from: identity, to: mailbox, for: .fetch) { message, name in
                let start = ContinuousClock.now
                defer { watch.moved() }
                _ = try await call.send(ReceiveRequest(.mikey(message)))
                guard let response = try await call.receive(), case .mikey(let answer)? = response.part else {
                    throw StreamFault("the mailbox did not answer \(name.name)")
                }
                observe(
                    .exchanged(
                        ExchangeStep(
                            sent: name.name, sentOctets: message.count, received: name.answer,
                            receivedOctets: answer.count, address: channel.address, duration: .now - start)))
                return answer
            }
        watch.stop()
        let session = try RecipientSession(
            tgk: established.tgk, csbID: established.csbIDOctets, recipient: identity)
        var stream = RecipientStream(
            session, link: MailboxLink(call), client: self, inbox: inbox, options: options, summary: course.summary, hear: hear)
        defer {
            course.summary = stream.summary
            if stream.hasProgress { course.schedule.succeeded() }
        }
        try await stream.run()
    }
}

/// What streams leave for the next one.
private struct ReceiveCourse {
    var schedule: RetrySchedule
    var summary = ReceiveSummary()

    /// How long to pause before the next stream; throws where another would fare no better.
    mutating func pause(after error: any Error) throws -> (duration: Duration, reason: String) {
        guard !Task.isCancelled else { throw MailboxClientError.cancelled }
        let failure: MailboxClientError
        let verdict: RetrySchedule.Verdict
        var retryAfterMs: Int?
        switch error {
        case let status as RPCStatus:
            failure = MailboxClientError(status, of: "mailbox")
            verdict = RetrySchedule.verdict(status.code)
            retryAfterMs = status.retryAfterMs
        case is RecipientSession.Fault, is StreamFault:
            failure = .untrusted(peer: "mailbox", reason: "\(error)")
            verdict = .doubtful
        case MailboxClientError.unavailable:
            failure = MailboxClientError(error)
            verdict = .transient
        default: throw error
        }
        let pause = schedule.pause(
            after: verdict, retryAfterMs: retryAfterMs, at: .now, jitter: .random(in: 0...1))
        guard let pause else { throw failure }
        return (pause, failure.description)
    }
}
