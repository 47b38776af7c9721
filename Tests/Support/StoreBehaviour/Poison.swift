import IdentityBasedEncryption
import Mailbox
import Primitives

/// A record that no program of ours writes, as a foreign client may.
public struct Poison: Sendable {
    /// What must become of it.
    public enum Fate: Sendable, Hashable {
        /// It is set aside.
        case deadLetter
        /// It is passed over, or nobody reads it.
        case passedOver
    }

    /// What is wrong with it.
    public let name: String
    /// Where it goes.
    public let topic: LogTopic
    /// The record.
    public let record: LogRecord
    /// What must become of it.
    public let fate: Fate

    private init(_ name: String, _ topic: LogTopic, _ record: LogRecord, _ fate: Fate = .deadLetter) {
        (self.name, self.topic, self.record, self.fate) = (name, topic, record, fate)
    }

    /// Every kind of poison that is known, for one partition.
    public static func all(for partition: Int, of count: Int, near now: UTCTime) throws -> [Poison] {
        let here = try mailboxes(1, in: partition, of: count)[0]
        let elsewhere = try mailboxes(1, in: (partition + 1) % count, of: count)[0]
        return try envelopes(here, elsewhere, partition, now) + tombstones(here, elsewhere, now)
            + presence(here, elsewhere, now) + unread()
    }

    private static func mailboxes(_ number: Int, in partition: Int, of count: Int) throws -> [Identity] {
        var found: [Identity] = []
        while found.count < number {
            let next = try stranger("p")
            if Partitioner.partition(of: next, count: count) == partition { found.append(next) }
        }
        return found
    }

    private static func large(_ count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }

    private static func envelopes(
        _ here: Identity, _ elsewhere: Identity, _ partition: Int, _ now: UTCTime
    ) throws -> [Poison] {
        let anna = try stranger("anna")
        let good = try SampleMail(from: anna, to: here, seed: 1).envelope(receivedAt: now)
        let other = try SampleMail(from: anna, to: here, seed: 2).envelope(receivedAt: now)
        let foreign = try SampleMail(from: anna, to: elsewhere, seed: 3).envelope(receivedAt: now)
        let offsets = ContentRun.self
        let misplaced = try SampleMail(from: anna, to: here, seed: 4).envelope(
            receivedAt: now, run: offsets.init(partition: partition + 1, offsets: [0]))
        let short = try SampleMail(from: anna, to: here, seed: 5).envelope(
            receivedAt: now, run: offsets.init(partition: partition, offsets: [0, 1]))
        let key = good.key.octets
        func spoilt(_ label: String, _ later: String) -> [UInt8] {
            let (old, new) = (Array(label.utf8), Array(later.utf8))
            var octets = good.octets
            for start in 0...(octets.count - old.count) where Array(octets[start..<start + old.count]) == old {
                octets.replaceSubrange(start..<start + old.count, with: new)
                break
            }
            return octets
        }
        let records: [(String, LogRecord)] = [
            ("no key, no value", LogRecord(key: nil, value: nil)), ("no key", LogRecord(key: nil, value: [1, 2, 3])),
            ("an empty key", LogRecord(key: [], value: good.octets)),
            ("a garbage key", LogRecord(key: [0xff, 0xfe, 0], value: [4, 5, 6])),
            ("an id without mailbox", LogRecord(key: good.id.octets, value: good.octets)),
            ("a mailbox that is none", LogRecord(key: good.id.octets + [0, 1, 2], value: good.octets)),
            ("a garbage value", LogRecord(key: key, value: large(300))),
            ("an empty value", LogRecord(key: key, value: [])),
            ("a value cut short", LogRecord(key: key, value: good.octets.dropLast())),
            ("a value and more", LogRecord(key: key, value: good.octets + [0])),
            ("another's key", LogRecord(key: other.key.octets, value: good.octets)),
            ("another partition's", LogRecord(key: foreign.key.octets, value: foreign.octets)),
            ("a later envelope", LogRecord(key: key, value: spoilt("poste envelope v1", "poste envelope v2"))),
            ("a later header", LogRecord(key: key, value: spoilt("poste deposit v1", "poste deposit v9"))),
            ("a content elsewhere", LogRecord(key: misplaced.key.octets, value: misplaced.octets)),
            ("a content of other length", LogRecord(key: short.key.octets, value: short.octets)),
            ("a tick with a value", LogRecord(key: Array("tick".utf8), value: [1])),
            ("a name too short", LogRecord(key: Array("log01234567".utf8), value: Array("0123456789".utf8))),
            ("a huge value", LogRecord(key: key, value: large(1_900_000))),
            ("a huge key", LogRecord(key: large(300_000), value: [1])),
            (
                "many headers",
                LogRecord(
                    key: [1], value: nil,
                    headers: (0..<500).map { LogRecord.Header(name: "h\($0 % 7)", value: large($0 % 50)) })
            ),
        ]
        return records.map { Poison($0.0, .envelopes, $0.1) }
    }

    private static func tombstones(_ here: Identity, _ elsewhere: Identity, _ now: UTCTime) throws -> [Poison] {
        let id = try DepositID(octets: SystemRandom().octets(16))
        let good = Tombstone(key: DepositKey(id: id, mailbox: here), reason: .refused, at: now)
        func headed(_ headers: [(String, String)], key: [UInt8]? = nil) -> LogRecord {
            LogRecord(
                key: key ?? good.key.octets, value: nil,
                headers: headers.map { LogRecord.Header(name: $0.0, value: Array($0.1.utf8)) })
        }
        let foreign = Tombstone(key: DepositKey(id: id, mailbox: elsewhere), reason: .refused, at: now)
        return [
            Poison(
                "a tombstone of garbage", .envelopes,
                headed([("poste-reason", "refused"), ("poste-at", "1")], key: [9])),
            Poison("a tombstone without reason", .envelopes, headed([])),
            Poison("a reason that is none", .envelopes, headed([("poste-reason", "tired"), ("poste-at", "1")])),
            Poison("a time that is none", .envelopes, headed([("poste-reason", "expired"), ("poste-at", "-1")])),
            Poison("a tombstone elsewhere", .envelopes, EnvelopeRecord.tombstone(foreign).record),
            Poison("a tombstone of nothing", .envelopes, EnvelopeRecord.tombstone(good).record, .passedOver),
        ]
    }

    private static func presence(_ here: Identity, _ elsewhere: Identity, _ now: UTCTime) throws -> [Poison] {
        func text(_ name: String, _ text: String, _ fate: Fate = .deadLetter) -> Poison {
            Poison(name, .presence, LogRecord(key: here.octets, value: Array(text.utf8)), fate)
        }
        let future = now.advanced(byMilliseconds: 7_200_000)
        var sentOn = LogRecord(
            key: elsewhere.octets, value: try PresenceEvent(entity: elsewhere, isOpen: true).json)
        sentOn.headers = [LogRecord.Header(name: "poste-forwarded", value: [UInt8(ascii: "1")])]
        return [
            Poison("no event", .presence, LogRecord(key: nil, value: nil)),
            Poison("a tombstone of presence", .presence, LogRecord(key: here.octets, value: nil)),
            Poison("no text", .presence, LogRecord(key: nil, value: [0xff, 0xfe, 0x00])),
            Poison("sent on to a wrong place", .presence, sentOn), text("no JSON", "open"), text("nothing", ""),
            text("a list", "[]"), text("a number", "7"), text("half of it", "{\"entity\":\"\(here)\",\"basic\":"),
            text("nobody", "{\"basic\":\"open\"}"), text("no state", "{\"entity\":\"\(here)\"}"),
            text("no URI", "{\"entity\":\"a b\",\"basic\":\"open\"}"),
            text("a number for a name", "{\"entity\":7,\"basic\":\"open\"}"),
            text("another state", "{\"entity\":\"\(here)\",\"basic\":\"ajar\"}"),
            text("a contact that is none", "{\"entity\":\"\(here)\",\"basic\":\"open\",\"contact\":\"a b\"}"),
            text("no time", "{\"entity\":\"\(here)\",\"basic\":\"open\",\"timestamp\":\"yesterday\"}"),
            text("depth", String(repeating: "[", count: 100_000)),
            text(
                "length",
                "{\"entity\":\"\(here)\",\"basic\":\"open\",\"note\":\"\(String(repeating: "x", count: 5000))\"}"),
            text("a huge event", String(repeating: "{\"a\":", count: 350_000)),
            text("a front without lease", "{\"front\":\"127.0.0.1:1\",\"open\":[]}"),
            text("a lease for ever", "{\"front\":\"127.0.0.1:1\",\"lease_ms\":99999999999}"),
            text("a front that is none", "{\"front\":7,\"lease_ms\":1}"),
            text(
                "a stream that is none",
                "{\"front\":\"a:1\",\"lease_ms\":1,\"open\":[{\"entity\":\"\(here)\",\"stream\":\"zz\",\"opened_ms\":1}]}"
            ),
            text("of tomorrow", "{\"entity\":\"\(here)\",\"basic\":\"open\",\"timestamp\":\"\(future)\"}", .passedOver),
            text(
                "of long ago", "{\"entity\":\"\(here)\",\"basic\":\"open\",\"timestamp\":\"2001-01-01T00:00:00Z\"}",
                .passedOver),
            Poison(
                "another's, no key", .presence,
                LogRecord(
                    key: nil, value: try PresenceEvent(entity: elsewhere, isOpen: false).json), .passedOver),
        ]
    }

    /// Records of the topics that the fold does not read.
    private static func unread() -> [Poison] {
        let records = [
            LogRecord(key: nil, value: nil), LogRecord(key: [1], value: [2]), LogRecord(key: [], value: []),
            LogRecord(key: [3], value: large(1_900_000)),
            ReplayMark(letter: 1 << 40, claim: "", at: UTCTime(milliseconds: 1)).record,
        ]
        return [LogTopic.contents, .deadLetters].flatMap { topic in
            records.map { Poison("in \(topic.name)", topic, $0, .passedOver) }
        }
    }
}
