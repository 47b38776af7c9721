import IdentityBasedEncryption
import Mailbox
import Primitives

/// Folds a partition of a log into its view to the end, as a delivery worker does.
public func foldToEnd(
    _ log: some MailLog, _ view: some MailboxView, partition: Int, now: UTCTime
) async throws {
    let name = try await log.identity()
    while true {
        var position = try await view.position(of: partition)
        switch ViewVerdict(position, log: name, bounds: try await log.bounds(of: partition), now: now) {
        case .begin, .goOn: break
        case .discard:
            _ = try await view.discard(partition: partition, at: position)
            position = nil
        }
        let batch = try await log.read(
            partition: partition, from: position?.next ?? LogPosition(), limit: PageLimit(count: 50),
            waitingUpTo: .zero)
        let records = FoldBatch(batch.records, partition: partition, partitionCount: log.partitionCount)
        let excerpt = try await view.excerpt(records.needs, of: partition)
        guard excerpt.position == position else { continue }
        let outcome = records.fold(into: excerpt)
        for letter in records.deadLetters { try await log.append(letter) }
        for forward in records.forwards {
            _ = try await log.append([forward.record], to: .presence, partition: forward.partition)
        }
        for receipt in outcome.receipts { try await log.append(receipt) }
        for key in outcome.contradicted {
            let envelope: Envelope? =
                if let held = outcome.held[key] { held } else {
                    try await view.deposit(key, partition: partition)?.envelope
                }
            if let envelope { try await log.append(envelope) }
        }
        let next = ViewPosition(after: position, folding: batch, log: name, readAt: now)
        guard try await view.apply(outcome.changes, to: partition, from: position, reaching: next) else { continue }
        if batch.reachesEnd { return }
    }
}

/// What a log and a view do together.
public struct WholeBehaviour<Log: MailLog, View: MailboxView>: Sendable {
    let log: Log
    let view: View
    let now: UTCTime

    /// The suite for a log and a view. `now` is near the log's own clock.
    public init(_ log: Log, _ view: View, now: UTCTime) {
        self.log = log
        self.view = view
        self.now = now
    }

    /// Runs all of it; throws `Misbehaviour` at the first promise that is broken.
    public func check() async throws {
        try await mailWaitsIsSettledAndReceipted()
        try await aLostViewIsFoldedAgain()
        try await whatCannotBeProcessedIsPutAside()
    }

    private func fold(_ mailbox: Identity) async throws {
        let partition = Partitioner.partition(of: mailbox, count: log.partitionCount)
        try await foldToEnd(log, view, partition: partition, now: now)
    }

    private func pending(_ mailbox: Identity) async throws -> [Envelope] {
        let partition = Partitioner.partition(of: mailbox, count: log.partitionCount)
        return try await view.pending(in: mailbox, partition: partition, after: nil, limit: PageLimit(count: 100))
            .deposits.map(\.envelope)
    }

    private func mailWaitsIsSettledAndReceipted() async throws {
        let (anna, ben) = (try stranger("anna"), try stranger("ben"))
        let envelopes = try (1...3).map {
            try SampleMail(from: anna, to: ben, seed: UInt64($0), wantsReceipt: $0 != 2).envelope(receivedAt: now)
        }
        for envelope in envelopes { try await log.append(envelope) }
        try await log.append(envelopes[0])
        try await fold(ben)
        try require(try await pending(ben) == envelopes, "what was appended waits, once and in order")
        try await log.append([Tombstone(key: envelopes[0].key, reason: .acknowledged, at: now)])
        try await log.append([Tombstone(key: envelopes[2].key, reason: .refused, at: now)])
        try await fold(ben)
        try await fold(anna)
        try require(try await pending(ben) == [envelopes[1]], "what is settled waits no more")
        let receipts = try await pending(anna).map(\.subject)
        let expected = ReceiptHeader(deposit: envelopes[0].id, recipient: ben, acknowledgedAt: now)
        try require(receipts == [.receipt(expected)], "an acknowledgement is told, a refusal is not")
    }

    private func aLostViewIsFoldedAgain() async throws {
        let (anna, ben) = (try stranger("anna"), try stranger("ben"))
        let envelopes = try (4...9).map {
            try SampleMail(from: anna, to: ben, seed: UInt64($0)).envelope(receivedAt: now)
        }
        for envelope in envelopes { try await log.append(envelope) }
        try await log.append([Tombstone(key: envelopes[3].key, reason: .acknowledged, at: now)])
        try await fold(ben)
        let before = try await pending(ben)
        try require(before == envelopes.filter { $0 != envelopes[3] }, "what was appended waits")
        let partition = Partitioner.partition(of: ben, count: log.partitionCount)
        _ = try await view.discard(partition: partition, at: try await view.position(of: partition))
        try require(try await pending(ben).isEmpty, "a discarded view is empty")
        try await fold(ben)
        try require(try await pending(ben) == before, "folded from nothing it is as before")
    }

    private func whatCannotBeProcessedIsPutAside() async throws {
        let ben = try stranger("ben")
        let partition = Partitioner.partition(of: ben, count: log.partitionCount)
        let poison = LogRecord(key: ben.octets, value: Array("{\"entity\": 7}".utf8))
        let offset = try await log.append([poison], to: .presence, partition: partition)
        try await fold(ben)
        var last: UInt64?
        var found = false
        while true {
            let page = try await log.deadLetters(
                of: partition, from: last.map { $0 + 1 } ?? 0, limit: PageLimit(count: 100))
            if page.isEmpty { break }
            last = page.last?.offset
            let letters = try page.map { try DeadLetter($0.record) }
            found = found || letters.contains { $0.stored.record == poison && [$0.stored.offset] == offset }
        }
        try require(found, "a record that is no presence event is put aside, with its place")
    }
}
