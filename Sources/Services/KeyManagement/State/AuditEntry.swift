import Foundation
import Primitives

/// What the audit log says of one event. No field can hold a key.
public struct AuditEntry: Sendable, Equatable, Codable {
    /// What happened.
    public enum Event: String, Sendable, Codable {
        /// The state folder was made, with parameters of the first serial.
        case created
        /// The log begins anew: the one before was damaged and put aside.
        case begunAnew = "begun anew"
        /// Somebody asked for private keys.
        case keys
        /// Somebody asked for an account.
        case enrolment
        /// An account was removed.
        case removal
        /// The secrets were sealed under another passphrase.
        case passphrase
    }

    /// What happened.
    public var event: Event
    /// Whether what was asked for was done.
    public var granted: Bool
    /// Why not.
    public var reason: String?
    /// The number of the account.
    public var account: Int64?
    /// The name of the account's PSK in hexadecimal digits, as it was given: before V has verified it proves nothing.
    public var pskName: String?
    /// For whom: dated identities of keys, identities of accounts.
    public var identities: [String]?
    /// Where the call came from.
    public var peer: String?
    /// How many refusals of unverified requests went unlogged since the entry before.
    public var unlogged: Int?

    init(
        _ event: Event, granted: Bool = true, reason: String? = nil, account: Int64? = nil, pskName: [UInt8]? = nil,
        identities: [String]? = nil, peer: String? = nil
    ) {
        self.event = event
        self.granted = granted
        self.reason = reason
        self.account = account
        self.pskName = pskName.map(hexadecimal)
        self.identities = identities
        self.peer = peer
    }

    /// Makes it the entry of a refusal.
    mutating func refuse(_ reason: some CustomStringConvertible) {
        granted = false
        self.reason = reason.description
    }
}

/// A line of the audit log: JSON that begins with the SHA-256 of the line before.
///
///     {"previous":"64 hexadecimal digits","number":1,"time":"2026-03-01T09:30:00.000Z","entry":{…}}
struct AuditLine {
    /// `previous` of the first line.
    static let noPrevious = [UInt8](repeating: 0, count: 32)
    static let longest = 1 << 18

    let octets: [UInt8]
    var hash: [UInt8] { HashFunction.sha256.hash(octets) }

    init(octets: [UInt8]) { self.octets = octets }

    init(_ entry: AuditEntry, number: Int64, after previous: [UInt8], now: UTCTime) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        octets =
            Self.beginning(after: previous, number: number)
            + Array("\"time\":\"\(now)\",\"entry\":".utf8) + Array(try encoder.encode(entry)) + Array("}".utf8)
    }

    /// Whether the line is the one of that number after that hash, as far as its beginning tells.
    func follows(_ previous: [UInt8], number: Int64) -> Bool {
        octets.starts(with: Self.beginning(after: previous, number: number))
    }

    /// Whether the line begins a log after another was put aside.
    var beginsAnew: Bool { contents?.entry.event == .begunAnew }
    /// The number that it has; nil where it is not what the log writes.
    var number: Int64? { contents?.number }

    private struct Contents: Codable {
        let number: Int64
        let entry: AuditEntry
    }

    private var contents: Contents? { try? JSONDecoder().decode(Contents.self, from: Data(octets)) }

    private static func beginning(after previous: [UInt8], number: Int64) -> [UInt8] {
        Array("{\"previous\":\"\(hexadecimal(previous))\",\"number\":\(number),".utf8)
    }
}

/// Where an audit log is not what was written.
public enum AuditLogFault: Error, Equatable, CustomStringConvertible {
    /// The line is not the one that followed the line before.
    case broken(line: Int64)
    /// The log ends before the last entry that was made.
    case cut(after: Int64, entries: Int64)
    /// The record of the last entry does not verify.
    case record
    /// There is a line that the state knows nothing of.
    case added(line: Int64)

    /// The fault.
    public var description: String {
        switch self {
        case .broken(let line): "line \(line) is not the one that was written there"
        case .cut(let line, let entries): "it ends after line \(line) of \(entries)"
        case .record: "the record of its last entry in the database does not verify"
        case .added(let line): "line \(line) was not written by this KMS"
        }
    }
}
