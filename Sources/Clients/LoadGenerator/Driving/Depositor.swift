import MailboxClient

/// Makes the deposits of a run.
struct Depositor: Sendable {
    let population: Population
    let run: UInt64
    let conversations: Conversations
    let ledger: DeliveryLedger
    let recorder: Recorder

    /// Makes one deposit, timed from its planned start.
    func perform(_ deposit: LoadPlan.PlannedDeposit, planned: ContinuousClock.Instant) async {
        let client = population.crew(of: deposit.sender).client
        let (sender, recipient) = (population.identities[deposit.sender], population.identities[deposit.recipient])
        let key = Conversations.Key(
            number: deposit.conversation, sender: deposit.sender, recipient: deposit.recipient)
        do {
            let (session, isNew) = try await conversations.session(of: key) {
                try await client.openSession(from: sender, to: recipient)
            }
            if isNew { recorder.record(.handshake, .now - planned) }
            let content = LoadContent(
                run: run, number: deposit.number, octetCount: deposit.content.octets, sender: deposit.sender,
                recipient: deposit.recipient)
            var options = DepositOptions()
            options.mediaType = deposit.content.mediaType
            let source = ContentSource(content.octets, name: "deposit \(deposit.number)")
            ledger.begin(
                content, session: deposit.conversation << 24 ^ UInt64(deposit.recipient), planned: planned)
            let used = try await client.send(source, in: session, from: sender, to: recipient, options).session
            ledger.stored(deposit.number)
            let latency = ContinuousClock.now - planned
            recorder.record(.deposit, latency)
            recorder.count(.achieved(latency))
            if used !== session { conversations.replace(key, with: used) }
        } catch {
            let failure = (error as? MailboxClientError) ?? .machine(reason: "\(error)")
            ledger.failed(deposit.number, mayBeStored: failure.mayBeStored)
            recorder.count(.failed("deposit: \(failure)"))
        }
    }
}

extension MailboxClientError {
    /// Whether the mailbox may have what was being sent all the same.
    fileprivate var mayBeStored: Bool {
        switch self {
        case .outcomeUnknown, .cancelled, .untrusted, .machine, .file: true
        default: false
        }
    }
}
