import Mailbox
import Primitives
import SQLite

/// Makes what is over unreadable: SQLite overwrites what is deleted (secure_delete), and the write-ahead log is emptied
/// by `compact`.
enum Erasure {
    /// Erases the envelopes, with their ESKs, and the contents that a tombstone ends. An expiry ends only what had
    /// expired.
    static func erase(endedBy record: LogRecord, at place: Place, in database: Database) throws(StoreError) {
        guard record.value == nil, let key = record.key, case .tombstone(let tombstone) = try? EnvelopeRecord(record)
        else { return }
        var envelopes: [(place: Int64, envelope: Envelope?)] = []
        try database.query(SQL.envelopesOfKey, [.octets(key), place.sql]) { row throws(StoreError) in
            envelopes.append((row.integer(0), try? Envelope(octets: row.octets(1))))
            return true
        }
        for (place, envelope) in envelopes {
            if let envelope {
                if tombstone.reason == .expired, envelope.expiresAt > tombstone.at { continue }
                if case .run(let run) = envelope.place { try erase(run, in: database) }
            }
            try database.run(SQL.deleteRecord, [.integer(place)])
        }
    }

    private static func erase(_ run: ContentRun, in database: Database) throws(StoreError) {
        for range in run.ranges {
            let first = Place(.contents, Int(run.partition), range.first)
            let end = Place(.contents, Int(run.partition), range.first + UInt64(range.count))
            try database.run(SQL.deleteRecords, [first.sql, end.sql])
        }
    }
}

extension EmbeddedStore {
    /// Erases for good: what is past its time from the file, then everything deleted from the write-ahead log, and
    /// gives free pages back.
    ///
    /// - Returns: false where another process was reading, so that the write-ahead log may still hold deleted octets:
    ///   call again.
    /// - Throws: `StoreError`.
    public func compact() async throws(StoreError) -> Bool {
        let now = configuration.clock()
        let contentsBefore = now.milliseconds - configuration.contentsKeptMs
        let tombstonesBefore = now.milliseconds - configuration.tombstonesKeptMs
        try await writer.write { database throws(StoreError) in
            try database.run(SQL.deleteOldTombstones, [.integer(tombstonesBefore)])
            let kept: [(LogTopic, Int64)] = [
                (.contents, contentsBefore), (.presence, now.milliseconds - Presence.lifetimeMs),
                (.deadLetters, now.milliseconds - 30 * 86_400_000)
            ]
            for (topic, before) in kept {
                try database.run(
                    SQL.deleteOldRecords, [Place(topic, 0, 0).sql, Place.end(topic), .integer(before)])
            }
            for statement in SQL.deleteExpired { try database.run(statement, [.integer(now.milliseconds)]) }
        }
        return try await writer.alone { database throws(StoreError) in
            try database.query(SQL.giveBackPages) { _ throws(StoreError) in true }
            for _ in 0..<2 {
                let isBusy = try database.first(SQL.truncateLog) { row throws(StoreError) in row.integer(0) }
                if isBusy == 0 { return true }
            }
            return false
        }
    }
}
