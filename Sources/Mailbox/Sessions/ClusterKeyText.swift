import Primitives

/// The text of a cluster's key file.
///
///     # a comment
///     ID TIME SECRET
///
/// A line a key: its id in decimal, the time from which it seals (RFC 3339), 64 hexadecimal digits; ids rise, times do
/// not fall. A file of nothing but 64 hexadecimal digits holds key 1.
extension ClusterKeys {
    /// Why a text is not one of a key file.
    public struct Damaged: Error, Sendable, Hashable, CustomStringConvertible {
        /// The line, from 1.
        public let line: Int
        /// What is wrong with it; nothing of the keys.
        public let reason: String

        /// The fault in plain words.
        public var description: String { "line \(line): \(reason)" }
    }

    private static let comment =
        "# The cluster's keys, a line each: id, when it begins to seal, secret. Change them with 'poste cluster-key'.\n"

    /// The text, with all keys.
    public var text: [UInt8] {
        var text = Self.comment
        for entry in entries {
            text += "\(entry.id) \(entry.sealsFrom) \(hexadecimal(entry.secret.exposedCopy()))\n"
        }
        return Array(text.utf8)
    }

    /// Reads a text. Throws `Damaged`.
    public init(text: [UInt8]) throws(Damaged) {
        var entries: [Entry] = []
        var count = 0
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            count += 1
            let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
            guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
            let entry = try Self.entry(words, line: count, isFirst: entries.isEmpty)
            if let last = entries.last {
                guard last.id < entry.id, last.sealsFrom <= entry.sealsFrom else {
                    throw Damaged(line: count, reason: "ids rise from line to line, and times do not fall")
                }
            }
            entries.append(entry)
            guard entries.count <= Self.countLimit else {
                throw Damaged(line: count, reason: "more than \(Self.countLimit) keys")
            }
        }
        guard !entries.isEmpty else { throw Damaged(line: count, reason: "there is no key") }
        self.init(checked: entries)
    }

    private static func entry(
        _ words: [ArraySlice<UInt8>], line: Int, isFirst: Bool
    ) throws(Damaged) -> Entry {
        if words.count == 1, isFirst {
            return Entry(id: 1, sealsFrom: UTCTime(milliseconds: 0), secret: try secret(words[0], line: line))
        }
        guard words.count == 3 else { throw Damaged(line: line, reason: "an id, a time and a secret are needed") }
        let number = String(decoding: words[0], as: UTF8.self)
        guard words[0].allSatisfy({ (0x30...0x39).contains($0) }), let id = UInt32(number) else {
            throw Damaged(line: line, reason: "the id is a number from 0 to \(UInt32.max)")
        }
        let time: UTCTime
        do throws(FormatError) {
            time = try PresenceTime.read(String(decoding: words[1], as: UTF8.self))
        } catch {
            throw Damaged(line: line, reason: "a time such as 2026-12-01T10:30:02Z is needed behind the id")
        }
        return Entry(id: id, sealsFrom: time, secret: try secret(words[2], line: line))
    }

    private static func secret(_ word: ArraySlice<UInt8>, line: Int) throws(Damaged) -> SecretBytes {
        guard let octets = octets(hexadecimal: String(decoding: word, as: UTF8.self)),
            octets.count == AES256GCM.keyOctetCount
        else { throw Damaged(line: line, reason: "a secret has 64 hexadecimal digits") }
        return SecretBytes(octets)
    }
}
