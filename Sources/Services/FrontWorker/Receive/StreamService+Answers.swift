import Mailbox
import MailboxAPI
import Observability
import RPC

/// What a recipient answers on his stream: he hears that it is settled once the log has it.
extension StreamService {
    /// Takes answers until the recipient ends the stream. What comes while the log is writing goes to it in one go, so that a
    /// recipient who answers faster than the log writes does not wait once for each.
    func answers(_ link: RecipientLink, _ stream: RecipientStream) async throws {
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        async let appended: Void = append(arrivals, stream)
        let reading: Result<Void, any Error>
        do {
            while let request = try await link.next() {
                guard case .acknowledgement(let message) = request.part else {
                    throw RPCStatus(.invalidArgument, "only acknowledgements follow the exchange")
                }
                try await stream.take(
                    Mailbox.Acknowledgement(
                        sequence: message.sequence, id: try DepositID(octets: message.id), isRefusal: message.refused,
                        mac: message.mac))
                arrival.yield()
            }
            reading = .success(())
        } catch {
            reading = .failure(error)
        }
        arrival.finish()
        // However reading ended: what he answered before counts.
        try await appended
        try reading.get()
    }

    private func append(_ arrivals: AsyncStream<Void>, _ stream: RecipientStream) async throws {
        do {
            for await _ in arrivals { try await append(stream.takeAnswers(), stream) }
            try await append(stream.takeAnswers(), stream)
        } catch {
            // Who reads waits for the recipient, and hears of it so.
            stream.end.set(FrontFault.status(for: error, log: log))
            throw error
        }
    }

    private func append(_ answers: [RecipientStream.Answer], _ stream: RecipientStream) async throws {
        guard !answers.isEmpty else { return }
        let spans = answers.map { answer in
            let trace = DepositTrace(answer.key.id)
            var span = configuration.tracer.begin(answer.word, .server, in: trace.id, parent: trace.depositSpan)
            span?.attributes = [("poste.deposit.id", LogValue(answer.key.id))]
            return span
        }
        let now = configuration.now()
        try await mailLog.append(answers.map { Tombstone(key: $0.key, reason: $0.reason, at: now) })
        for (answer, span) in zip(answers, spans) {
            log.info(
                answer.isRefusal ? "delivery refused" : "delivery acknowledged",
                ["deposit": LogValue(answer.key.id), "trace_id": LogValue(answer.key.id)])
            configuration.tracer.end(span)
            metrics.answers[answer.isRefusal ? "refused" : "acknowledged"].add()
            if let sent = try await stream.settled(answer) { metrics.answerTime.observe(since: sent) }
        }
    }
}

extension RecipientStream.Answer {
    fileprivate var word: String { isRefusal ? "refuse" : "acknowledge" }
    fileprivate var reason: Tombstone.Reason { isRefusal ? .refused : .acknowledged }
}
