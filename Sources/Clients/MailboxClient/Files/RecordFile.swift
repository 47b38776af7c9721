import Foundation
import StateFolder

/// A file of records, one line of JSON each, to which records are only appended; each is durable when `append` returns.
///
/// A record whose line was cut by a crash was never reported as appended, and is dropped when the file is opened.
struct RecordFile<Record: Codable & Sendable>: Sendable {
    private static var limit: Int { 1 << 30 }
    private let file: AppendOnlyFile

    /// Opens the file, or makes it, and reads its records. `isKept` says which are still needed: where more than half of
    /// many are not, the file is written anew.
    ///
    /// Throws `StateFolderError`.
    static func open(
        _ name: String, in folder: StateFolder, keeping isKept: (Record) -> Bool
    ) throws(StateFolderError) -> (file: RecordFile, records: [Record]) {
        let octets = try folder.read(name, limit: limit) ?? []
        let end = octets.lastIndex(of: newline).map { $0 + 1 } ?? 0
        let decoder = JSONDecoder()
        let all = octets[..<end].split(separator: newline).compactMap { try? decoder.decode(Record.self, from: Data($0)) }
        let kept = all.filter(isKept)
        if all.count > 256, kept.count < all.count / 2 {
            try folder.write(name, kept.flatMap(line))
            return (RecordFile(file: try AppendOnlyFile(name, in: folder)), kept)
        }
        let file = try AppendOnlyFile(name, in: folder)
        if end < octets.count { try file.truncate(to: end) }
        return (RecordFile(file: file), kept)
    }

    /// Appends a record. Throws `StateFolderError`; the record is not there then.
    func append(_ record: Record) throws(StateFolderError) { try file.append(Self.line(record)) }

    private static func line(_ record: Record) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A record is a flat struct of strings and numbers, which always encode; an empty line is skipped when read.
        return Array((try? encoder.encode(record)) ?? Data()) + [newline]
    }
}

private let newline = UInt8(ascii: "\n")
