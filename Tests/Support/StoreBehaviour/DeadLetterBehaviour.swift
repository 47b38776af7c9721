import IdentityBasedEncryption
import Mailbox
import Primitives

/// What becomes of dead letters in a log.
public struct DeadLetterBehaviour<Log: MailLog>: Sendable {
    let log: Log
    let now: UTCTime
    private let partition = 0

    /// The suite for a log.
    public init(_ log: Log, now: UTCTime) {
        self.log = log
        self.now = now
    }

    /// Runs all of it; throws `Misbehaviour` at the first promise that is broken.
    public func check() async throws {
        try await aLetterIsListedOnceAndReplayedOnce()
        try await ofManyWhoReplayOneDoes()
        try await whatIsCutOrForeignIsShownAndNotReplayed()
        try await aReplayThatFailsAgainSaysWhatItWas()
    }

    private var office: DeadLetterOffice { DeadLetterOffice(log) }

    /// A record in its topic, and its letter in the dead letters; gives the letter's offset.
    private func put(_ record: LogRecord, in topic: LogTopic = .presence, copies: Int = 1) async throws -> UInt64 {
        let offset = try await log.append([record], to: topic, partition: partition)[0]
        let stored = StoredRecord(topic: topic, offset: offset, time: now, record: record)
        let letter = DeadLetter(stored, partition: partition, fault: "for a test")
        return try await log.append(
            (0..<copies).map { _ in letter.record }, to: .deadLetters, partition: partition)[0]
    }

    private func entry(_ offset: UInt64) async throws -> DeadLetterEntry? {
        try await office.entries(of: partition).first { $0.offset == offset }
    }

    private func replay(_ offset: UInt64, again: Bool = false) async throws -> UInt64 {
        try await office.replay(offset, of: partition, again: again, now: now, random: SystemRandom())
    }

    private func fault(_ offset: UInt64) async throws -> ReplayFault? {
        do {
            _ = try await replay(offset)
            return nil
        } catch let fault as ReplayFault {
            return fault
        }
    }

    /// The records of a topic of the partition.
    private func records(_ topic: LogTopic) async throws -> [StoredRecord] {
        var records: [StoredRecord] = []
        var next = LogPosition()
        while true {
            let batch = try await log.read(
                partition: partition, from: next, limit: PageLimit(count: 100), waitingUpTo: .zero)
            records += batch.records.filter { $0.topic == topic }
            next = batch.next
            if batch.reachesEnd { return records }
        }
    }

    private func aLetterIsListedOnceAndReplayedOnce() async throws {
        let record = LogRecord(
            key: [7], value: Array("no JSON".utf8), headers: [LogRecord.Header(name: "mine", value: [1])])
        let before = try await office.entries(of: partition).count
        let letter = try await put(record, copies: 3)
        try require(try await office.entries(of: partition).count == before + 1, "copies of a letter are listed once")
        let found = try await office.letter(letter + 1, of: partition)
        try require(found?.0.offset == letter && found?.1 == record, "a copy leads to the letter, which is whole")
        try require(found?.0.state == .waiting, "it waits")
        let offset = try await replay(letter + 2)
        try require(
            try await entry(letter)?.state == .replayed(at: now, offset: offset), "that it was replayed is known")
        let replayed = try await records(.presence).last
        try require(replayed?.offset == offset && replayed?.record.value == record.value, "the record is there again")
        try require(replayed?.record.header("mine") == [1], "with its own headers")
        try require(replayed?.record.header("poste-replay") == Array("0/\(letter)".utf8), "and one that says so")
        try require(
            try await fault(letter) == .wasReplayed(at: now, offset: offset), "it is not replayed twice by accident")
        try require(try await fault(letter + 1) == .wasReplayed(at: now, offset: offset), "nor is a copy")
        let second = try await replay(letter, again: true)
        try require(second > offset, "it is, where that is asked for")
        try require(try await entry(letter)?.state == .replayed(at: now, offset: second), "and that is known too")
        try require(try await fault(letter + 1000) == .noSuchLetter, "what is not there is not replayed")
    }

    private func ofManyWhoReplayOneDoes() async throws {
        let letter = try await put(LogRecord(key: [8], value: [1]))
        let before = try await records(.presence).count
        let done = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { (try? await replay(letter)) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try require(done == 1, "of eight who replay at once one does")
        try require(try await records(.presence).count == before + 1, "and the record is there once more")
    }

    private func whatIsCutOrForeignIsShownAndNotReplayed() async throws {
        let large = try await put(LogRecord(key: [9], value: [UInt8](repeating: 0, count: 1_500_000)))
        let cut = try await entry(large)
        try require(cut?.cutFrom == 1_500_001 && cut?.key == [9], "the beginning of what is too large is kept")
        try require(try await fault(large) == .isCut(octets: 1_500_001), "it is not replayed")
        let foreign = try await log.append(
            [LogRecord(key: nil, value: nil), LogRecord(key: [1], value: [2])], to: .deadLetters, partition: partition)
        for offset in foreign {
            let shown = try await entry(offset)
            try require(shown?.place == nil && shown?.fault.isEmpty == false, "what is no dead letter is shown as that")
            guard case .notALetter = try await fault(offset) else {
                throw Misbehaviour(description: "what is no dead letter is not replayed")
            }
        }
    }

    private func aReplayThatFailsAgainSaysWhatItWas() async throws {
        let letter = try await put(LogRecord(key: [10], value: [3]))
        let offset = try await replay(letter)
        guard let replayed = try await records(.presence).last(where: { $0.offset == offset }) else {
            throw Misbehaviour(description: "the record is there again")
        }
        let again = DeadLetter(replayed, partition: partition, fault: "still")
        let second = try await log.append([again.record], to: .deadLetters, partition: partition)[0]
        try require(
            try await entry(second)?.replayOf == "0/\(letter)", "what fails again is another letter, which says so")
        _ = try await replay(second)
        let third = try await records(.presence).last?.record
        try require(
            third?.headers.filter { $0.name == "poste-replay" }.map(\.value) == [Array("0/\(second)".utf8)],
            "a replay of a replay names the last letter")
    }
}
