import IdentityBasedEncryption
import Mailbox
import Primitives

/// What must wait, said again from the whole history and without the fold, simple enough to be seen to be right.
struct Model {
    /// A deposit that must wait: its place, and the envelope that it is given out by.
    struct Waiting {
        var first: UInt64
        var envelope: Envelope
    }

    /// How a deposit ended.
    struct Ending {
        let envelope: Envelope
        let tombstone: Tombstone
    }

    private(set) var waiting: [DepositKey: Waiting] = [:]
    /// Where the envelopes of a deposit were: once the log was compacted any of them may be its place.
    private(set) var places: [DepositKey: Set<UInt64>] = [:]
    private(set) var endings: [DepositKey: [Ending]] = [:]

    /// Up to where the history was read.
    private(set) var end = 0

    /// Reads the history on, record by record, up to an offset.
    mutating func read(_ history: [(offset: UInt64, record: EnvelopeRecord)], before offset: UInt64) {
        let last = Int(min(offset, UInt64(history.count)))
        guard last > end else { return }
        defer { end = last }
        for (offset, record) in history[end..<last] {
            switch record {
            case .tick, .logName: continue
            case .envelope(let envelope):
                let key = envelope.key
                places[key, default: []].insert(offset)
                if let there = waiting[key], envelope.receivedAt.milliseconds < Self.expiry(there.envelope) {
                    // Who was promised twice holds the later promise.
                    let isSame = envelope.header == there.envelope.header
                    if isSame, Self.expiry(envelope) > Self.expiry(there.envelope) { waiting[key]?.envelope = envelope }
                } else {
                    waiting[key] = Waiting(first: offset, envelope: envelope)
                }
            case .tombstone(let tombstone):
                guard let there = waiting[tombstone.key] else { continue }
                let ends: Bool =
                    switch tombstone.reason {
                    case .acknowledged, .refused: true
                    case .expired: tombstone.at.milliseconds >= Self.expiry(there.envelope)
                    }
                guard ends else { continue }
                endings[tombstone.key, default: []].append(Ending(envelope: there.envelope, tombstone: tombstone))
                waiting[tombstone.key] = nil
            }
        }
    }

    static func expiry(_ envelope: Envelope) -> Int64 {
        switch envelope.subject {
        case .deposit(let header): envelope.receivedAt.milliseconds + Int64(header.fields.lifetime) * 1000
        case .receipt: envelope.receivedAt.milliseconds + 30 * 86_400_000
        }
    }

    /// What a view at this position has wrong, or none.
    /// - Parameter coming: the deposits that records after this position are about, where the log was compacted (none:
    ///   it was not). What compaction took of them before this position a rebuilt or rolled-back view cannot know, and
    ///   need not: a later record of the key is on its way to it, or was and is gone with all the others.
    func difference(from view: SimulatedView, coming: Set<DepositKey>?) -> String? {
        for (key, deposit) in view.deposits {
            if let coming, coming.contains(key) { continue }
            guard let there = waiting[key] else { return "\(key.id) waits in the view and is over" }
            let isRight =
                coming == nil ? deposit.offset == there.first : places[key, default: []].contains(deposit.offset)
            guard coming != nil || deposit.envelope == there.envelope else { return "\(key.id) has another envelope" }
            guard isRight else { return "\(key.id) waits at \(deposit.offset), not at \(there.first)" }
        }
        for key in waiting.keys where view.deposits[key] == nil && coming?.contains(key) != true {
            return "\(key.id) waits and is not in the view"
        }
        var usage: [Identity: MailboxUsage] = [:]
        for deposit in view.deposits.values {
            usage[deposit.envelope.mailbox, default: MailboxUsage()].count += 1
            usage[deposit.envelope.mailbox, default: MailboxUsage()].octets += deposit.envelope.ciphertextLength
        }
        guard usage == view.usage else { return "usage is \(view.usage), not \(usage)" }
        return nil
    }
}
