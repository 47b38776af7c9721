import Primitives

/// What the dead-letter topic says of a replay: that it was begun, and once the record is in its topic again, where.
///
/// A record without key and value, and with these headers, all text: `poste-replay`, the offset of the dead letter in its
/// partition; `poste-claim`, 16 hex digits that tell this replay from any other; `poste-at`, ms since 1970; and where it
/// has ended `poste-offset`, the offset that the record got.
public struct ReplayMark: Sendable, Hashable {
    /// The header of a record that was replayed: which dead letter it was, as `partition/offset`.
    public static let replayHeader = "poste-replay"
    private static let names = [replayHeader, "poste-claim", "poste-at", "poste-offset"]

    /// The offset of the dead letter.
    public let letter: UInt64
    /// What tells this replay from any other.
    public let claim: String
    /// When it was begun, or ended.
    public let at: UTCTime
    /// The offset that the record got in its topic; none while that is not known.
    public let appendedAt: UInt64?

    /// A mark from its parts.
    public init(letter: UInt64, claim: String, at: UTCTime, appendedAt: UInt64? = nil) {
        self.letter = letter
        self.claim = claim
        self.at = at
        self.appendedAt = appendedAt
    }

    /// The record of the dead-letter topic.
    public var record: LogRecord {
        let values = [String(letter), claim, String(at.wire)] + (appendedAt.map { [String($0)] } ?? [])
        return LogRecord(
            key: nil, value: nil,
            headers: zip(Self.names, values).map { LogRecord.Header(name: $0, value: Array($1.utf8)) })
    }

    /// Reads a record of the dead-letter topic; none where it is no mark.
    public init?(_ record: LogRecord) {
        let texts = record.headers.map { String(decoding: $0.value, as: UTF8.self) }
        guard record.key == nil, record.value == nil, (3...4).contains(texts.count),
            record.headers.map(\.name) == Array(Self.names.prefix(texts.count)), let letter = UInt64(texts[0]),
            let at = try? decimalTime(Array(texts[2].utf8), field: Self.names[2])
        else { return nil }
        let appendedAt = texts.count == 4 ? UInt64(texts[3]) : nil
        guard texts.count == 3 || appendedAt != nil else { return nil }
        self.init(letter: letter, claim: texts[1], at: at, appendedAt: appendedAt)
    }
}
