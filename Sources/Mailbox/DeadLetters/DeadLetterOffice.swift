import Primitives

/// Where dead letters are looked at, and sent on their way again once what was wrong has been mended.
public struct DeadLetterOffice: Sendable {
    private let log: any MailLog

    /// The office of a log.
    public init(_ log: any MailLog) { self.log = log }

    /// The dead letters of a partition, in the order in which they came, each once.
    public func entries(of partition: Int) async throws(StoreError) -> [DeadLetterEntry] {
        try await shelf(partition).shelf.all
    }

    /// One dead letter whole, with its entry; none where there is none at that offset.
    public func letter(_ offset: UInt64, of partition: Int) async throws(StoreError) -> (DeadLetterEntry, LogRecord)? {
        guard let entry = try await shelf(partition).shelf[offset],
            let stored = try await record(entry.offset, of: partition)
        else { return nil }
        return (entry, (try? DeadLetter(stored))?.stored.record ?? stored)
    }

    /// Appends the record of a dead letter again to where it came from, with a header that says so.
    ///
    /// The topic keeps a mark of it, so that nobody does it twice unawares, nor two people at once. A record that fails
    /// again becomes another dead letter, which says what it was before.
    /// - Parameter again: does it though it was done, or begun, before.
    /// - Returns: the offset that the record got.
    /// - Throws: `ReplayFault`; `StoreError`.
    public func replay(
        _ offset: UInt64, of partition: Int, again: Bool = false, now: UTCTime, random: some RandomSource
    ) async throws -> UInt64 {
        let (shelf, end) = try await shelf(partition)
        guard let entry = shelf[offset], let stored = try await record(entry.offset, of: partition) else {
            throw ReplayFault.noSuchLetter
        }
        guard let letter = try? DeadLetter(stored), letter.partition == partition else {
            throw ReplayFault.notALetter(entry.fault)
        }
        if let octets = letter.cutFrom { throw ReplayFault.isCut(octets: octets) }
        switch entry.state {
        case .replayed(let at, let offset) where !again: throw ReplayFault.wasReplayed(at: at, offset: offset)
        case .begun(let at) where !again: throw ReplayFault.wasBegun(at: at)
        default: break
        }
        let claim = hexadecimal(try random.octets(8))
        let begun = ReplayMark(letter: entry.offset, claim: claim, at: now)
        try await append(begun, partition)
        // Of several who begin at once the first in the log goes on.
        let rivals = try await read(partition, from: end).compactMap { ReplayMark($0.record) }
        let first = rivals.first { shelf.first($0.letter) == entry.offset && $0.appendedAt == nil }
        guard first?.claim == claim else { throw ReplayFault.wasBegun(at: first?.at ?? now) }
        var record = letter.stored.record
        record.headers.removeAll { $0.name == ReplayMark.replayHeader }
        record.headers.append(LogRecord.Header(name: ReplayMark.replayHeader, value: Array(entry.name.utf8)))
        let offsets = try await log.append([record], to: letter.stored.topic, partition: partition)
        let appendedAt = offsets.first ?? 0
        try await append(ReplayMark(letter: entry.offset, claim: claim, at: now, appendedAt: appendedAt), partition)
        return appendedAt
    }

    private func append(_ mark: ReplayMark, _ partition: Int) async throws(StoreError) {
        _ = try await log.append([mark.record], to: .deadLetters, partition: partition)
    }

    private func record(_ offset: UInt64, of partition: Int) async throws(StoreError) -> LogRecord? {
        let page = try await log.deadLetters(of: partition, from: offset, limit: PageLimit(count: 1))
        return page.first.flatMap { $0.offset == offset ? $0.record : nil }
    }

    /// All of a partition, and the offset behind it.
    private func shelf(_ partition: Int) async throws(StoreError) -> (shelf: DeadLetterShelf, end: UInt64) {
        var shelf = DeadLetterShelf(partition: partition)
        var next: UInt64 = 0
        while true {
            let page = try await log.deadLetters(of: partition, from: next, limit: Self.page)
            guard let last = page.last else { return (shelf, next) }
            for stored in page { shelf.take(stored) }
            next = last.offset + 1
        }
    }

    private func read(_ partition: Int, from offset: UInt64) async throws(StoreError) -> [StoredRecord] {
        var records: [StoredRecord] = []
        var next = offset
        while true {
            let page = try await log.deadLetters(of: partition, from: next, limit: Self.page)
            guard let last = page.last else { return records }
            records += page
            next = last.offset + 1
        }
    }

    private static let page = PageLimit(count: 1000, octets: 4 << 20)
}

/// Why a dead letter is not replayed.
public enum ReplayFault: Error, Sendable, Hashable {
    /// There is none at that offset.
    case noSuchLetter
    /// What is there is no dead letter of ours, for this reason.
    case notALetter(String)
    /// Only the beginning of its record is kept, of so many octets.
    case isCut(octets: Int)
    /// It was replayed before, and got this offset.
    case wasReplayed(at: UTCTime, offset: UInt64)
    /// A replay was begun, by somebody else or by one who did not come to its end.
    case wasBegun(at: UTCTime)
}

extension ReplayFault: CustomStringConvertible {
    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .noSuchLetter: "there is no such dead letter: 'poste dead-letters' lists those that there are"
        case .notALetter(let reason): "\(reason); somebody wrote it into the topic, and it came from nowhere"
        case .isCut(let octets):
            "its record of \(octets) octets is not kept whole: read it from its place, while it is there"
        case .wasReplayed(let at, let offset): "it was replayed at \(at) and got offset \(offset): --again repeats it"
        case .wasBegun(let at):
            "a replay was begun at \(at) and did not say that it ended: look whether its topic has a record with the header "
                + "poste-replay of this letter; --again replays it"
        }
    }
}
