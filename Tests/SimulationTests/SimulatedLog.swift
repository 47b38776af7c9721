import Mailbox
import Primitives

/// One partition of a log in memory, that compacts as Kafka does, and its whole history beside it.
struct SimulatedLog {
    static let lagMs: Int64 = 3_600_000
    static let tombstonesKeptMs: Int64 = 604_800_000

    /// Every record that was ever appended, for the model.
    private(set) var history: [(offset: UInt64, record: EnvelopeRecord)] = []
    private var envelopes: [StoredRecord] = []
    private var presence: [StoredRecord] = []
    private var nextPresence: UInt64 = 0
    private(set) var hasCompacted = false
    /// When a tombstone that has been through a compaction may go, by offset.
    private var horizons: [UInt64: Int64] = [:]

    var bounds: LogBounds {
        LogBounds(
            start: LogPosition(envelopes: 0, presence: presence.first?.offset ?? nextPresence),
            end: LogPosition(envelopes: UInt64(history.count), presence: nextPresence))
    }

    mutating func append(_ record: EnvelopeRecord, now: Int64) {
        let offset = UInt64(history.count)
        history.append((offset, record))
        envelopes.append(
            StoredRecord(
                topic: .envelopes, offset: offset, time: UTCTime(milliseconds: now), record: record.record))
    }

    mutating func append(_ record: PresenceRecord, now: Int64) {
        presence.append(
            StoredRecord(
                topic: .presence, offset: nextPresence, time: UTCTime(milliseconds: now), record: record.record))
        nextPresence += 1
    }

    func read(from position: LogPosition, limit: Int) -> LogBatch {
        let first = envelopes.filter { $0.offset >= position.envelopes }.prefix(limit)
        let second = presence.filter { $0.offset >= position.presence }.prefix(limit)
        var next = bounds.end
        if let last = first.last, first.count == limit { next.envelopes = last.offset + 1 }
        if let last = second.last, second.count == limit { next.presence = last.offset + 1 }
        return LogBatch(records: Array(first) + Array(second), next: next, end: bounds.end)
    }

    /// The deposits that records from an offset on were about, whether these are kept or not; none where nothing was
    /// compacted.
    func coming(from offset: UInt64) -> Set<DepositKey>? {
        guard hasCompacted else { return nil }
        let coming = history.suffix(from: Int(min(offset, UInt64(history.count))))
        return Set(
            coming.compactMap { _, record in
                switch record {
                case .envelope(let envelope): envelope.key
                case .tombstone(let tombstone): tombstone.key
                case .tick, .logName: nil
                }
            })
    }

    /// Keeps the last record of each key, where it has been the last for the lag, and forgets old tombstones.
    mutating func compact(now: Int64) {
        var last: [[UInt8]: StoredRecord] = [:]
        for stored in envelopes { last[stored.record.key ?? []] = stored }
        let before = envelopes.count
        envelopes.removeAll { stored in
            guard let latest = last[stored.record.key ?? []] else { return false }
            if latest.offset != stored.offset { return latest.time.milliseconds + Self.lagMs < now }
            // A tombstone's time begins when the pass that takes what came before it has been there.
            guard stored.record.value == nil, stored.time.milliseconds + Self.lagMs < now else { return false }
            if let horizon = horizons[stored.offset] { return horizon < now }
            horizons[stored.offset] = now + Self.tombstonesKeptMs
            return false
        }
        presence.removeAll { $0.time.milliseconds + Self.lagMs < now }
        if envelopes.count < before { hasCompacted = true }
    }
}
