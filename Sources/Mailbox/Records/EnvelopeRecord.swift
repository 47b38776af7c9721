import IdentityBasedEncryption
import Primitives

/// That a deposit is over: a record with its key and no value.
public struct Tombstone: Sendable, Hashable {
    /// Why a deposit is over.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// Its recipient has it.
        case acknowledged
        /// Its recipient refused it.
        case refused
        /// Its lifetime has passed.
        case expired
    }

    /// The deposit.
    public let key: DepositKey
    /// Why it is over.
    public let reason: Reason
    /// When it was over.
    public let at: UTCTime

    /// A tombstone from its parts.
    public init(key: DepositKey, reason: Reason, at: UTCTime) {
        self.key = key
        self.reason = reason
        self.at = at
    }
}

/// A record of the envelopes topic.
///
/// - envelope: key = id(16) || mailbox's ID data, value = `Envelope.octets`
/// - tombstone: the same key, no value, headers `poste-reason` (acknowledged, refused, expired) and `poste-at` (ms
///   since 1970), ASCII
/// - tick: key `tick`, no value
/// - name of the log: key = `log` || the first 8 octets of the name, value = the name(16). Shorter than any deposit's key
public enum EnvelopeRecord: Sendable, Hashable {
    /// A deposit exists.
    case envelope(Envelope)
    /// A deposit is over.
    case tombstone(Tombstone)
    /// Nothing; it makes a segment of a quiet partition roll.
    case tick
    /// Nothing to the fold; 16 random octets that tell a log from any other, where the store has no name of its own for it.
    /// The first in partition 0 counts.
    case logName([UInt8])

    /// Octets of a log's name.
    public static let logNameSize = 16
    static let logKey = Array("log".utf8)

    static let tickKey = Array("tick".utf8)
    /// The header that says why a deposit is over.
    public static let reasonHeader = "poste-reason"
    static let timeHeader = "poste-at"

    /// The record as the log carries it.
    public var record: LogRecord {
        switch self {
        case .envelope(let envelope):
            LogRecord(key: envelope.key.octets, value: envelope.octets)
        case .tombstone(let tombstone):
            LogRecord(
                key: tombstone.key.octets, value: nil,
                headers: [
                    LogRecord.Header(name: Self.reasonHeader, value: Array(tombstone.reason.rawValue.utf8)),
                    LogRecord.Header(name: Self.timeHeader, value: Array(String(tombstone.at.wire).utf8))
                ])
        case .tick:
            LogRecord(key: Self.tickKey, value: nil)
        case .logName(let name):
            LogRecord(key: Self.logKey + name.prefix(8), value: name)
        }
    }

    /// Reads a record.
    /// - Throws: `FormatError` where it is none of these, or an envelope under another key than its own.
    public init(_ record: LogRecord) throws(FormatError) {
        guard let key = record.key else { throw .truncated(field: "record key") }
        if key == Self.tickKey, record.value == nil {
            self = .tick
            return
        }
        if key.count == Self.logKey.count + 8, key.starts(with: Self.logKey), let name = record.value {
            guard name.count == Self.logNameSize, name.starts(with: key.dropFirst(Self.logKey.count)) else {
                throw .invalid(field: "name of the log", reason: "16 octets are needed, the first 8 as in the key")
            }
            self = .logName(name)
            return
        }
        let depositKey = try DepositKey(octets: key)
        if let value = record.value {
            let envelope = try Envelope(octets: value)
            guard envelope.key == depositKey else {
                throw .invalid(field: "record key", reason: "not that of the envelope under it")
            }
            self = .envelope(envelope)
            return
        }
        guard let word = record.header(Self.reasonHeader),
            let reason = Tombstone.Reason(rawValue: String(decoding: word, as: UTF8.self))
        else {
            throw .invalid(field: Self.reasonHeader, reason: "acknowledged, refused or expired is needed")
        }
        let at = try decimalTime(record.header(Self.timeHeader) ?? [], field: Self.timeHeader)
        self = .tombstone(Tombstone(key: depositKey, reason: reason, at: at))
    }
}

/// A moment from ASCII digits, without leading zeros: ms since 1970.
func decimalTime(_ digits: [UInt8], field: String) throws(FormatError) -> UTCTime {
    let text = String(decoding: digits, as: UTF8.self)
    guard let milliseconds = Int64(text), milliseconds >= 0, String(milliseconds) == text else {
        throw .invalid(field: field, reason: "milliseconds since 1970 in decimal digits are needed")
    }
    return UTCTime(milliseconds: milliseconds)
}
