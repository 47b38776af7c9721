import IdentityBasedEncryption
import Mailbox
import Primitives
import StoreBehaviour
import Testing

/// The cases of the fold that the simulation meets rarely or not at all.
struct FoldTests {
    let anna: Identity
    let ben: Identity
    let now = UTCTime(milliseconds: 1_796_117_402_000)

    init() throws {
        anna = try person("anna")
        ben = try person("ben")
    }

    func stored(
        _ record: LogRecord, at offset: UInt64 = 0, in topic: LogTopic = .presence, time: UTCTime? = nil
    ) -> StoredRecord { StoredRecord(topic: topic, offset: offset, time: time ?? now, record: record) }

    func fold(_ records: [StoredRecord], into excerpt: ViewExcerpt = ViewExcerpt()) -> FoldOutcome {
        FoldBatch(records, partition: 0, partitionCount: 1).fold(into: excerpt)
    }

    func envelope(_ seed: UInt64 = 1, after ms: Int64 = 0, wantsReceipt: Bool = false) throws -> Envelope {
        try SampleMail(from: anna, to: ben, seed: seed, lifetime: 60, wantsReceipt: wantsReceipt)
            .envelope(receivedAt: now.advanced(byMilliseconds: ms))
    }

    func records(_ records: [EnvelopeRecord]) -> [StoredRecord] {
        records.enumerated().map { stored($1.record, at: UInt64($0), in: .envelopes) }
    }

    @Test func whatComesAndGoesInOneBatchLeavesNoTrace() throws {
        let envelope = try envelope(wantsReceipt: true)
        let outcome = fold(
            records([
                .envelope(envelope), .tombstone(Tombstone(key: envelope.key, reason: .acknowledged, at: now))
            ]))
        #expect(outcome.changes == [.usage(ben, MailboxUsage())])
        #expect(outcome.arrived.isEmpty && outcome.held.isEmpty)
        #expect(outcome.receipts.map(\.mailbox) == [anna])
    }

    @Test func laterPromiseOfTheSameDepositHoldsInTheFirstPlace() throws {
        let (first, second) = (try envelope(), try envelope(after: 5000))
        let outcome = fold(records([.envelope(first), .envelope(second)]))
        #expect(outcome.arrived == [PendingDeposit(offset: 0, envelope: second)])
        #expect(outcome.contradicted.isEmpty)
        // The other way round the shorter promise comes last, and must not be all that compaction keeps.
        let reversed = fold(records([.envelope(second), .envelope(first)]))
        #expect(reversed.arrived == [PendingDeposit(offset: 0, envelope: second)])
        #expect(reversed.contradicted == [first.key])
    }

    @Test func anotherHeaderUnderAKnownIDDoesNotCount() throws {
        let (first, other) = (try envelope(), try envelope(after: 5000, wantsReceipt: true))
        #expect(first.key == other.key && first.header != other.header)
        let outcome = fold(records([.envelope(first), .envelope(other)]))
        #expect(outcome.arrived == [PendingDeposit(offset: 0, envelope: first)])
        #expect(outcome.contradicted == [first.key])
        #expect(outcome.held[first.key] == first)
    }

    @Test func expiryOfAnEarlierDepositDoesNotEndALaterOne() throws {
        let envelope = try envelope()
        let early = Tombstone(key: envelope.key, reason: .expired, at: now.advanced(byMilliseconds: 59_999))
        let outcome = fold(records([.envelope(envelope), .tombstone(early)]))
        #expect(outcome.arrived.count == 1)
        #expect(outcome.contradicted == [envelope.key])
        let due = Tombstone(key: envelope.key, reason: .expired, at: now.advanced(byMilliseconds: 60_000))
        #expect(fold(records([.envelope(envelope), .tombstone(due)])).arrived.isEmpty)
    }

    @Test func afterItsLifetimeAnIDIsNew() throws {
        let (first, second) = (try envelope(), try envelope(after: 60_000))
        let outcome = fold(records([.envelope(first), .envelope(second)]))
        #expect(outcome.arrived == [PendingDeposit(offset: 1, envelope: second)])
        #expect(outcome.changes.contains(.usage(ben, MailboxUsage(count: 1, octets: second.ciphertextLength))))
    }

    @Test func tickChangesNothing() {
        let batch = FoldBatch(records([.tick]), partition: 0, partitionCount: 1)
        #expect(batch.deadLetters.isEmpty && batch.needs == ViewNeeds())
        #expect(batch.fold(into: ViewExcerpt()).changes.isEmpty)
    }

    @Test func envelopeInTheWrongPartitionIsPutAside() throws {
        let count = 5
        let home = Partitioner.partition(of: ben, count: count)
        let record = stored(EnvelopeRecord.envelope(try envelope()).record, in: .envelopes)
        let wrong = FoldBatch([record], partition: (home + 1) % count, partitionCount: count)
        #expect(wrong.deadLetters.map(\.stored) == [record])
        #expect(wrong.fold(into: ViewExcerpt()).changes.isEmpty)
        #expect(FoldBatch([record], partition: home, partitionCount: count).deadLetters.isEmpty)
    }

    @Test func presenceForAnotherPartitionIsSentOnOnce() throws {
        let count = 5
        let home = Partitioner.partition(of: ben, count: count)
        // A foreign client may give no key.
        var record = PresenceRecord.event(try PresenceEvent(entity: ben, isOpen: true)).record
        record.key = nil
        let first = FoldBatch([stored(record)], partition: (home + 1) % count, partitionCount: count)
        #expect(first.forwards.map(\.partition) == [home])
        let forwarded = first.forwards.map { stored($0.record) }
        let there = FoldBatch(forwarded, partition: home, partitionCount: count)
        #expect(there.fold(into: ViewExcerpt()).reachable == [ben])
        // With another idea of the partition count it would go round for ever.
        let astray = FoldBatch(forwarded, partition: (home + 2) % count, partitionCount: count)
        #expect(astray.forwards.isEmpty && astray.deadLetters.count == 1)
    }

    @Test func staleRepeatedAndFuturePresenceIsCountedAndPassedOver() throws {
        func event(_ ms: Int64, isOpen: Bool = true) throws -> StoredRecord {
            let event = try PresenceEvent(
                entity: ben, isOpen: isOpen, contact: "h:1", timestamp: now.advanced(byMilliseconds: ms))
            return stored(PresenceRecord.event(event).record)
        }
        let outcome = fold([
            try event(0), try event(0), try event(-1), try event(600_001), try event(-3_600_000),
            try event(600_000, isOpen: false)
        ])
        #expect(outcome.counts.stalePresence == 2)
        #expect(outcome.counts.repeatedPresence == 1)
        #expect(outcome.counts.futurePresence == 1)
        let expiresAt = now.advanced(byMilliseconds: Presence.lifetimeMs)
        #expect(
            outcome.changes == [
                .presence(ben, Presence(isOpen: true, contact: "h:1", timestamp: now, expiresAt: expiresAt)),
                .presence(
                    ben,
                    Presence(
                        isOpen: false, contact: nil, timestamp: now.advanced(byMilliseconds: 600_000),
                        expiresAt: expiresAt))
            ])
    }

    @Test func senderWithoutMailboxGetsNoReceipt() throws {
        let nobody = try Identity("tel:+4930123456")
        let envelope = try SampleMail(from: nobody, to: ben, seed: 1, wantsReceipt: true).envelope(receivedAt: now)
        let outcome = fold(
            records([
                .envelope(envelope), .tombstone(Tombstone(key: envelope.key, reason: .acknowledged, at: now))
            ]))
        #expect(outcome.settled == [envelope.key] && outcome.receipts.isEmpty)
    }

    @Test func viewIsJudgedByItsPosition() {
        let day: Int64 = 86_400_000
        let bounds = LogBounds(
            start: LogPosition(envelopes: 5, presence: 50), end: LogPosition(envelopes: 10, presence: 60))
        func verdict(_ envelopes: UInt64, _ presence: UInt64 = 55, log: String = "a", age: Int64 = 0) -> ViewVerdict {
            let position = ViewPosition(
                log: log, next: LogPosition(envelopes: envelopes, presence: presence), asOf: now)
            return ViewVerdict(position, log: "a", bounds: bounds, now: now.advanced(byMilliseconds: age))
        }
        func goesOn(_ verdict: ViewVerdict) -> Bool {
            if case .goOn = verdict { true } else { false }
        }
        #expect(ViewVerdict(nil, log: "a", bounds: bounds, now: now) == .begin)
        #expect(goesOn(verdict(5)) && goesOn(verdict(10)) && goesOn(verdict(7, 0)))
        #expect(verdict(7, log: "b") == .discard(.otherLog))
        #expect(verdict(11) == .discard(.aheadOfLog))
        #expect(verdict(7, 61) == .discard(.aheadOfLog))
        #expect(verdict(4) == .discard(.behindLog))
        #expect(goesOn(verdict(7, age: 6 * day)))
        #expect(verdict(7, age: 6 * day + 1) == .discard(.olderThanTombstones))
        #expect(goesOn(verdict(10, age: 100 * day)))
    }
}
