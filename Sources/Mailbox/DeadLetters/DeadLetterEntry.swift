import Primitives

/// A dead letter as a list shows it, without its content.
public struct DeadLetterEntry: Sendable, Hashable {
    /// What has become of it.
    public enum State: Sendable, Hashable {
        /// Nothing yet.
        case waiting
        /// A replay was begun, and nobody said that it ended: the record may be in its topic again, or not.
        case begun(at: UTCTime)
        /// It is in its topic again, at this offset.
        case replayed(at: UTCTime, offset: UInt64)
    }

    /// The partition.
    public let partition: Int
    /// Its offset in the dead-letter topic.
    public let offset: UInt64
    /// When it became a dead letter.
    public let writtenAt: UTCTime
    /// Where its record was; none where this is no dead letter of ours but something that a foreign client left in the
    /// topic.
    public let place: DeadLetter.Place?
    /// Why it could not be processed.
    public let fault: String
    /// The first octets of its key, at most 1,024.
    public let key: [UInt8]?
    /// Octets of its value, or none where there is no value.
    public let valueOctets: Int?
    /// Octets of the whole record, where only its beginning is kept.
    public let cutFrom: Int?
    /// Where it was a dead letter before, as `partition/offset`.
    public let replayOf: String?
    /// What has become of it.
    public internal(set) var state: State

    /// What people call it: `partition/offset`.
    public var name: String { "\(partition)/\(offset)" }
}

/// The dead letters of one partition, read record after record: each place once, though two workers may have written it,
/// with what became of its replay.
struct DeadLetterShelf: Sendable {
    private let partition: Int
    private var entries: [UInt64: DeadLetterEntry] = [:]
    private var firsts: [DeadLetter.Place: UInt64] = [:]
    private var copies: [UInt64: UInt64] = [:]
    private(set) var marks: [(offset: UInt64, mark: ReplayMark)] = []

    init(partition: Int) { self.partition = partition }

    /// All entries, in the order of the topic.
    var all: [DeadLetterEntry] { entries.values.sorted { $0.offset < $1.offset } }

    /// The entry at an offset, or that which the record there repeats.
    subscript(offset: UInt64) -> DeadLetterEntry? { entries[first(offset)] }

    /// The offset of the first letter of the same place.
    func first(_ offset: UInt64) -> UInt64 { copies[offset] ?? offset }

    mutating func take(_ stored: StoredRecord) {
        if let mark = ReplayMark(stored.record) {
            marks.append((stored.offset, mark))
            let letter = first(mark.letter)
            if let offset = mark.appendedAt {
                entries[letter]?.state = .replayed(at: mark.at, offset: offset)
            } else if case .waiting? = entries[letter]?.state {
                entries[letter]?.state = .begun(at: mark.at)
            }
            return
        }
        do throws(FormatError) {
            let letter = try DeadLetter(stored.record)
            guard letter.partition == partition else {
                throw .invalid(field: "partition", reason: "a letter of partition \(letter.partition)")
            }
            if let known = firsts[letter.place] {
                copies[stored.offset] = known
                return
            }
            firsts[letter.place] = stored.offset
            add(stored, letter.place, letter.fault, letter.stored.record, letter.cutFrom, letter.replayOf)
        } catch {
            add(stored, nil, "not a dead letter: \(error)", stored.record, nil, nil)
        }
    }

    private mutating func add(
        _ stored: StoredRecord, _ place: DeadLetter.Place?, _ fault: String, _ record: LogRecord, _ cutFrom: Int?,
        _ replayOf: String?
    ) {
        entries[stored.offset] = DeadLetterEntry(
            partition: partition, offset: stored.offset, writtenAt: stored.time, place: place, fault: fault,
            key: record.key.map { Array($0.prefix(1024)) }, valueOctets: record.value?.count, cutFrom: cutFrom,
            replayOf: replayOf, state: .waiting)
    }
}
