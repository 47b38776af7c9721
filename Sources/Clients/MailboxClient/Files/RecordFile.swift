import Foundation

/// A file of records, one line of JSON each, to which records are only appended; each is durable when `append` returns.
///
/// A record whose line was cut by a crash was never reported as appended, and is dropped when the file is opened.
struct RecordFile<Record: Codable & Sendable>: Sendable {
    private let file: OpenFile

    /// Opens the file, or makes it, and reads its records. `isKept` says which are still needed: where more than half of
    /// many are not, the file is written anew.
    ///
    /// Throws `FileFailure`.
    static func open(
        _ path: String, keeping isKept: (Record) -> Bool
    ) throws(FileFailure) -> (file: RecordFile, records: [Record]) {
        let octets = try DurableFile.read(path, limit: 1 << 30) ?? []
        let end = octets.lastIndex(of: newline).map { $0 + 1 } ?? 0
        let decoder = JSONDecoder()
        let all = octets[..<end].split(separator: newline).compactMap { try? decoder.decode(Record.self, from: Data($0)) }
        let kept = all.filter(isKept)
        if all.count > 256, kept.count < all.count / 2 {
            try DurableFile.write(kept.reduce(into: []) { $0 += line($1) }, to: path)
        }
        let file = try OpenFile(path, O_WRONLY | O_CREAT | O_APPEND)
        let length = try file.length
        if length == octets.count, end < octets.count { try file.truncate(to: UInt64(end)) }
        if octets.isEmpty { try DurableFile.synchronizeFolder(of: path) }
        return (RecordFile(file: file), kept)
    }

    /// Appends a record. Throws `FileFailure`; the record is not there then.
    func append(_ record: Record) throws(FileFailure) {
        let length = try file.length
        do {
            try file.write(Self.line(record))
            try file.synchronize()
        } catch {
            // Half a line would spoil the next one.
            try? file.truncate(to: length)
            throw error
        }
    }

    private static func line(_ record: Record) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A record is a flat struct of strings and numbers, which always encode; an empty line is skipped when read.
        return Array((try? encoder.encode(record)) ?? Data()) + [newline]
    }
}

private let newline = UInt8(ascii: "\n")
