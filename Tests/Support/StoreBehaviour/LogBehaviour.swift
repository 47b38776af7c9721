import IdentityBasedEncryption
import Mailbox
import Primitives

/// What every `MailLog` does. The same suite runs against every adapter.
public struct LogBehaviour<Log: MailLog>: Sendable {
    let log: Log

    /// The suite for a log.
    public init(_ log: Log) { self.log = log }

    /// Runs all of it; throws `Misbehaviour` at the first promise that is broken.
    public func check() async throws {
        try await recordsComeBackInOrder()
        try await nothingAndEmptyAreToldApart()
        try await pagesJoinWithoutGapOrRepeat()
        try await readersWaitForNews()
        try await contentsAreReadByPlace()
        try await deadLettersAreKept()
        try await wrongPartitionsAreRefused()
    }

    private func end(of partition: Int) async throws -> LogPosition { try await log.bounds(of: partition).end }

    /// Reads on from a position until the end, or until `count` records came.
    func readAll(_ partition: Int, from position: LogPosition, page: Int = 100) async throws -> [StoredRecord] {
        var records: [StoredRecord] = []
        var next = position
        while true {
            let batch = try await log.read(
                partition: partition, from: next, limit: PageLimit(count: page), waitingUpTo: .zero)
            records += batch.records
            next = batch.next
            if batch.reachesEnd { return records }
        }
    }

    private func recordsComeBackInOrder() async throws {
        let mail = SampleMail(from: try stranger("anna"), to: try stranger("ben"), seed: 1)
        let key = try mail.key
        let partition = log.partition(of: key)
        let start = try await end(of: partition)
        let envelope = try mail.envelope(receivedAt: UTCTime(milliseconds: 1_796_117_402_375))
        let tombstone = Tombstone(key: key, reason: .acknowledged, at: UTCTime(milliseconds: 1_796_117_500_000))
        let first = try await log.append(envelope)
        let events = [true, false].compactMap { try? PresenceEvent(entity: mail.recipient, isOpen: $0) }
        for event in events { try await log.append(event) }
        let records = try await readAll(partition, from: start)
        let ours = records.filter { $0.topic == .envelopes && $0.record.key == key.octets }
        try require(ours.map(\.offset) == [first], "an envelope is read at the offset that append gave")
        try require(try EnvelopeRecord(ours[0].record) == .envelope(envelope), "an envelope comes back as it was")
        let presence = try records.filter { $0.topic == .presence }.map { try PresenceRecord($0.record) }
        try require(
            presence.filter { events.map(PresenceRecord.event).contains($0) } == events.map(PresenceRecord.event),
            "presence events come back in order")
        let second = try await end(of: partition).envelopes
        try await log.append([tombstone])
        try require(second > first, "the end lies behind what was appended")
        let last = try await readAll(partition, from: start).last { $0.record.key == key.octets }
        try require(last.map(\.offset) == second, "a tombstone is read at its offset")
        try require(
            try last.map { try EnvelopeRecord($0.record) } == .tombstone(tombstone), "a tombstone comes back as it was")
        try require(try await log.bounds(of: partition).end.envelopes > second, "the end lies after what was appended")
    }

    private func nothingAndEmptyAreToldApart() async throws {
        let person = try stranger("eve")
        let partition = Partitioner.partition(of: person, count: log.partitionCount)
        let start = try await end(of: partition)
        let sent = [
            LogRecord(key: person.octets, value: []), LogRecord(key: nil, value: [7]),
            LogRecord(
                key: person.octets, value: [0, 255],
                headers: [LogRecord.Header(name: "a", value: []), LogRecord.Header(name: "a", value: [1])]),
        ]
        let offsets = try await log.append(sent, to: .presence, partition: partition)
        try require(offsets.count == 3 && offsets == offsets.sorted(), "one offset a record, ascending")
        let back = try await readAll(partition, from: start).filter {
            offsets.contains($0.offset) && $0.topic == .presence
        }
        try require(back.map(\.record) == sent, "keys, values and headers come back as they were")
    }

    private func pagesJoinWithoutGapOrRepeat() async throws {
        let person = try stranger("paul")
        let partition = Partitioner.partition(of: person, count: log.partitionCount)
        let start = try await end(of: partition)
        let sent = (0..<25).map { LogRecord(key: person.octets, value: [UInt8($0)]) }
        let offsets = try await log.append(sent, to: .presence, partition: partition)
        for page in [1, 2, 7, 100] {
            let back = try await readAll(partition, from: start, page: page)
                .filter { $0.topic == .presence && offsets.contains($0.offset) }
            try require(back.map(\.record) == sent, "pages of \(page) join to the whole")
        }
        var next = start
        next.presence = offsets[10]
        let batch = try await log.read(
            partition: partition, from: next, limit: PageLimit(count: 5, octets: 1), waitingUpTo: .zero)
        try require(!batch.records.isEmpty, "one record comes even if it is larger than the page")
    }

    private func readersWaitForNews() async throws {
        let person = try stranger("nora")
        let partition = Partitioner.partition(of: person, count: log.partitionCount)
        let start = try await end(of: partition)
        let clock = ContinuousClock()
        let begun = clock.now
        let quiet = try await log.read(
            partition: partition, from: start, limit: PageLimit(count: 10), waitingUpTo: .milliseconds(60))
        try require(quiet.records.isEmpty && clock.now - begun >= .milliseconds(50), "a reader waits as long as told")
        let log = log
        async let waiting = log.read(
            partition: partition, from: start, limit: PageLimit(count: 10), waitingUpTo: .seconds(20))
        try await Task.sleep(for: .milliseconds(50))
        try await log.append(try PresenceEvent(entity: person, isOpen: true))
        let woken = try await waiting
        try require(woken.records.contains { $0.record.key == person.octets }, "a waiting reader gets what is appended")
        try require(clock.now - begun < .seconds(10), "a waiting reader is woken, and does not sleep to the end")
    }

    private func contentsAreReadByPlace() async throws {
        let mail = SampleMail(from: try stranger("anna"), to: try stranger("ben"), seed: 2)
        let key = try mail.key
        let chunks = (0..<10).map { mail.octets(1000, purpose: "chunk \($0)") }
        var offsets = try await log.append(contents: Array(chunks[..<6]), of: key)
        offsets += try await log.append(contents: Array(chunks[6...]), of: key)
        let run = try ContentRun(partition: log.partition(of: key), offsets: offsets)
        for limit in [PageLimit(count: 3), PageLimit(count: 100, octets: 2500), PageLimit(count: 1, octets: 1)] {
            var back: [[UInt8]] = []
            while true {
                let page = try await log.contents(run, of: key, skipping: back.count, limit: limit)
                try require(page.count <= limit.count, "a page is no longer than asked for")
                if page.isEmpty { break }
                back += page
            }
            try require(back == chunks, "contents come back whole and in order")
        }
        let other = DepositKey(id: key.id, mailbox: try stranger("carl"))
        try await requireFault(.gone, "contents of another deposit are not given out") {
            _ = try await log.contents(run, of: other, skipping: 0, limit: PageLimit(count: 10))
        }
    }

    private func deadLettersAreKept() async throws {
        let record = LogRecord(key: [1, 2], value: [3], headers: [LogRecord.Header(name: "x", value: [4])])
        let stored = StoredRecord(topic: .presence, offset: 5, time: UTCTime(milliseconds: 6), record: record)
        let letter = DeadLetter(stored, partition: 0, fault: "for a test")
        try await log.append(letter)
        var letters: [StoredRecord] = []
        while true {
            let page = try await log.deadLetters(
                of: 0, from: (letters.last?.offset).map { $0 + 1 } ?? 0, limit: PageLimit(count: 50))
            if page.isEmpty { break }
            letters += page
        }
        try require(try letters.last.map { try DeadLetter($0.record) } == letter, "a dead letter comes back as it was")
    }

    private func wrongPartitionsAreRefused() async throws {
        for partition in [-1, log.partitionCount] {
            try await requireFault(.misuse, "a partition that is not there is refused") {
                _ = try await log.append([LogRecord(key: [1], value: [])], to: .presence, partition: partition)
            }
        }
    }
}
