import IdentityBasedEncryption
import Mailbox
import Primitives
import SQLite

extension EmbeddedStore: MailLog {
    /// See `MailLog`: 16 random octets in hex, from when the file was made.
    public func identity() async throws(StoreError) -> String { logIdentity }

    /// See `MailLog`. All records of one call are one transaction. The ESK and the content of a deposit are erased with
    /// its tombstone.
    public func append(
        _ records: [LogRecord], to topic: LogTopic, partition: Int
    ) async throws(StoreError) -> [UInt64] {
        try check(partition)
        let time = configuration.clock()
        return try await writer.write { database throws(StoreError) in
            let place: [SQLiteValue] = [.integer(Int64(topic.rawValue)), .integer(Int64(partition))]
            let first = try database.first(SQL.end, place) { row throws(StoreError) in UInt64(row.integer(0)) } ?? 0
            guard first + UInt64(records.count) < Place.offsetLimit else {
                throw StoreError(.full, "partition \(partition) has used up its offsets; take a new store")
            }
            for (index, record) in records.enumerated() {
                let place = Place(topic, partition, first + UInt64(index))
                let headers = record.headers.isEmpty ? nil : RecordHeaders.encode(record.headers)
                try database.run(
                    SQL.insertRecord,
                    [
                        place.sql, .integer(time.milliseconds), SQLiteValue(record.key), SQLiteValue(record.value),
                        SQLiteValue(headers),
                    ])
                if topic == .envelopes { try Erasure.erase(endedBy: record, at: place, in: database) }
            }
            let end = first + UInt64(records.count)
            try database.run(SQL.setEnd, place + [.integer(Int64(end))])
            return Array(first..<end)
        }
    }

    /// See `MailLog`. Nothing is told: log and view are one file, and are lost together.
    public func foldedBefore(partition: Int) async -> LogPosition { LogPosition() }

    /// See `MailLog`.
    public func read(
        partition: Int, from position: LogPosition, limit: PageLimit, waitingUpTo wait: Duration
    ) async throws(StoreError) -> LogBatch {
        try check(partition)
        let deadline = ContinuousClock.now + wait
        while true {
            let generation = news.generation
            let batch = try await batch(partition, from: position, limit: limit)
            if !batch.records.isEmpty || batch.next != position || ContinuousClock.now >= deadline || Task.isCancelled {
                return batch
            }
            await news.wait(since: generation, until: deadline, watching: reader)
        }
    }

    private func batch(
        _ partition: Int, from position: LogPosition, limit: PageLimit
    ) async throws(StoreError) -> LogBatch {
        try await reader.read { database throws(StoreError) in
            let end = LogPosition(
                envelopes: try Self.end(.envelopes, partition, database),
                presence: try Self.end(.presence, partition, database))
            var batch = LogBatch(records: [], next: position, end: end)
            var left = limit
            batch.next.envelopes = try Self.page(
                .envelopes, partition, position.envelopes, end.envelopes, &left, &batch.records, database)
            batch.next.presence = try Self.page(
                .presence, partition, position.presence, end.presence, &left, &batch.records, database)
            return batch
        }
    }

    private static func end(_ topic: LogTopic, _ partition: Int, _ database: Database) throws(StoreError) -> UInt64 {
        let place: [SQLiteValue] = [.integer(Int64(topic.rawValue)), .integer(Int64(partition))]
        return try database.first(SQL.end, place) { row throws(StoreError) in UInt64(row.integer(0)) } ?? 0
    }

    /// Adds records of one topic from an offset on, as long as there is room, and gives the offset to read on from.
    /// Beyond the end there is nothing.
    private static func page(
        _ topic: LogTopic, _ partition: Int, _ offset: UInt64, _ end: UInt64, _ left: inout PageLimit,
        _ records: inout [StoredRecord], _ database: Database
    ) throws(StoreError) -> UInt64 {
        guard offset < end, left.count > 0, left.octets > 0 else { return offset }
        var next = end
        var room = left
        var found: [StoredRecord] = []
        let parameters = [
            Place(topic, partition, offset).sql, Place.end(topic, partition), .integer(Int64(left.count) + 1),
        ]
        try database.query(SQL.readRecords, parameters) { row throws(StoreError) in
            let record = try stored(row, topic)
            guard room.count > 0, room.octets > 0 else {
                next = record.offset
                return false
            }
            room.count -= 1
            room.octets -= record.record.size
            found.append(record)
            return true
        }
        left = room
        records += found
        return next
    }

    private static func stored(_ row: SQLiteRow, _ topic: LogTopic) throws(StoreError) -> StoredRecord {
        let headers =
            try row.optionalOctets(4).map { octets throws(StoreError) in try RecordHeaders.decode(octets) } ?? []
        return StoredRecord(
            topic: topic, offset: Place(value: row.integer(0)).offset, time: UTCTime(milliseconds: row.integer(1)),
            record: LogRecord(key: row.optionalOctets(2), value: row.optionalOctets(3), headers: headers))
    }

    /// See `MailLog`.
    public func bounds(of partition: Int) async throws(StoreError) -> LogBounds {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            let end = LogPosition(
                envelopes: try Self.end(.envelopes, partition, database),
                presence: try Self.end(.presence, partition, database))
            // Envelopes are compacted, so the log has no start that a position could lie before.
            let first = try database.first(
                SQL.firstPlace, [Place(.presence, partition, 0).sql, Place.end(.presence, partition)]
            ) { row throws(StoreError) in Place(value: row.integer(0)).offset }
            return LogBounds(start: LogPosition(envelopes: 0, presence: first ?? end.presence), end: end)
        }
    }

    /// See `MailLog`.
    public func contents(
        _ run: ContentRun, of key: DepositKey, skipping skipped: Int, limit: PageLimit
    ) async throws(StoreError) -> [[UInt8]] {
        let partition = Int(run.partition)
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            var contents: [[UInt8]] = []
            var octets = 0
            for offset in run.offsets(skipping: skipped, limit: limit.count) where octets < limit.octets {
                let value = try database.first(SQL.readContent, [Place(.contents, partition, offset).sql]) {
                    row throws(StoreError) in row.octets(0) == key.octets ? row.optionalOctets(1) : nil
                }
                guard let value, let value else {
                    throw StoreError(
                        .gone, "the content of deposit \(key.id) is no longer kept: it is settled or past its time")
                }
                contents.append(value)
                octets += value.count
            }
            return contents
        }
    }

    /// See `MailLog`.
    public func deadLetters(
        of partition: Int, from offset: UInt64, limit: PageLimit
    ) async throws(StoreError) -> [StoredRecord] {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            var records: [StoredRecord] = []
            var left = limit
            _ = try Self.page(.deadLetters, partition, offset, Place.offsetLimit, &left, &records, database)
            return records
        }
    }

    /// See `MailLog`: what is settled is erased from the file already; this erases it from the write-ahead log too.
    public func tick(partition: Int) async throws(StoreError) {
        try check(partition)
        _ = try await append([EnvelopeRecord.tick.record], to: .envelopes, partition: partition)
        _ = try await compact()
    }

    /// See `MailLog`. Every process owns every partition: with several delivery workers on one file each pushes, and
    /// recipients drop repeats.
    public func ownership() -> AsyncStream<OwnershipChange> {
        let all = Set(0..<partitionCount)
        return AsyncStream { $0.yield(.assigned(all)) }
    }
}
