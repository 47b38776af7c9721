import IdentityBasedEncryption
import Primitives

/// Records of one partition, read and sorted out, before the view is asked what it knows of them.
///
/// The fold is pure: `FoldBatch(records…)`, then the view's excerpt of `needs`, then `fold(into:)` gives the changes.
public struct FoldBatch: Sendable {
    enum Step: Sendable {
        case envelope(PendingDeposit)
        case tombstone(Tombstone)
        case presence(PresenceEvent, at: UTCTime)
        case routes(RouteRenewal, at: UTCTime)
    }

    let steps: [Step]
    /// What the view must be asked.
    public let needs: ViewNeeds
    /// Presence events that belong to other partitions: append them there.
    public let forwards: [Forward]
    /// Records that cannot be processed: append them to the dead letters.
    public let deadLetters: [DeadLetter]

    /// A presence event for another partition.
    public struct Forward: Sendable, Hashable {
        /// The partition that it belongs to.
        public let partition: Int
        /// The record to append to the presence topic there.
        public let record: LogRecord
    }

    /// Reads records of partition `partition` of `partitionCount`, in the order that the log gave them.
    public init(_ records: [StoredRecord], partition: Int, partitionCount: Int) {
        var sorter = Sorter(partition: partition, partitionCount: partitionCount)
        for record in records { sorter.take(record) }
        steps = sorter.steps
        needs = sorter.needs
        forwards = sorter.forwards
        deadLetters = sorter.deadLetters
    }
}

private struct Sorter {
    let partition: Int
    let partitionCount: Int
    var steps: [FoldBatch.Step] = []
    var needs = ViewNeeds()
    var forwards: [FoldBatch.Forward] = []
    var deadLetters: [DeadLetter] = []

    mutating func take(_ stored: StoredRecord) {
        do throws(FormatError) {
            switch stored.topic {
            case .envelopes: try takeEnvelope(stored)
            case .presence: try takePresence(stored)
            case .contents, .deadLetters: break
            }
        } catch {
            deadLetters.append(DeadLetter(stored, partition: partition, fault: error.description))
        }
    }

    private func home(_ mailbox: Identity) -> Int { Partitioner.partition(of: mailbox, count: partitionCount) }

    private mutating func need(_ key: DepositKey) throws(FormatError) {
        guard home(key.mailbox) == partition else {
            throw .invalid(field: "mailbox", reason: "it belongs to partition \(home(key.mailbox))")
        }
        needs.deposits.insert(key)
        needs.usage.insert(key.mailbox)
    }

    private mutating func takeEnvelope(_ stored: StoredRecord) throws(FormatError) {
        switch try EnvelopeRecord(stored.record) {
        case .tick, .logName: break
        case .envelope(let envelope):
            try check(envelope)
            try need(envelope.key)
            // Whether he can be dialled for it.
            needs.presence.insert(envelope.mailbox)
            steps.append(.envelope(PendingDeposit(offset: stored.offset, envelope: envelope)))
        case .tombstone(let tombstone):
            try need(tombstone.key)
            steps.append(.tombstone(tombstone))
        }
    }

    /// A deposit whose content cannot be where its envelope says would be pushed for ever, and hold up its mailbox.
    private func check(_ envelope: Envelope) throws(FormatError) {
        guard case .run(let run) = envelope.place, case .deposit(let header) = envelope.subject else { return }
        guard run.partition == partition else {
            throw .invalid(field: "content", reason: "it lies in partition \(run.partition), not beside its envelope")
        }
        guard run.recordCount == header.layout.chunkCount else {
            throw .invalid(
                field: "content", reason: "\(run.recordCount) records for \(header.layout.chunkCount) chunks")
        }
    }

    private mutating func takePresence(_ stored: StoredRecord) throws(FormatError) {
        switch try PresenceRecord(stored.record) {
        case .routes(var renewal):
            renewal.open.removeAll { home($0.entity) != partition }
            renewal.closed.removeAll { home($0.entity) != partition }
            steps.append(.routes(renewal, at: stored.time))
        case .event(let event):
            let home = home(event.entity)
            if home == partition {
                needs.presence.insert(event.entity)
                steps.append(.presence(event, at: stored.time))
            } else {
                guard stored.record.header(PresenceRecord.forwardedHeader) == nil else {
                    throw .invalid(field: "entity", reason: "sent on here, but it belongs to partition \(home)")
                }
                forwards.append(FoldBatch.Forward(partition: home, record: PresenceRecord.event(event).forwarded))
            }
        }
    }
}
