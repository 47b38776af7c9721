import Foundation
import StateFolder

/// A file of records, one line of JSON each, to which records are only appended; each is durable when `append` returns.
///
/// A record whose line was cut by a crash was never reported as appended, and is dropped when the file is opened.
struct RecordFile<Record: Codable & Sendable>: Sendable {
    private static var longestLine: Int { 1 << 16 }
    private let file: AppendOnlyFile

    /// Opens the file, or makes it, and reads its records. `isKept` says which are still needed: where more than half
    /// of many are not, the file is written anew.
    ///
    /// Throws `StateFolderError`.
    static func open(
        _ name: String, in folder: StateFolder, keeping isKept: (Record) -> Bool
    ) throws -> (file: RecordFile, records: [Record]) {
        let file = try AppendOnlyFile(name, in: folder)
        let decoder = JSONDecoder()
        var kept: [Record] = []
        var count = 0
        let end = try LineFile(path: folder.path(of: name)).forEachLine(limit: longestLine) { line in
            count += 1
            if let record = try? decoder.decode(Record.self, from: Data(line)), isKept(record) { kept.append(record) }
        }
        if count > 256, kept.count < count / 2 {
            try folder.write(name, kept.flatMap(line))
            return (RecordFile(file: try AppendOnlyFile(name, in: folder)), kept)
        }
        if end < file.octetCount { try file.truncate(to: end) }
        return (RecordFile(file: file), kept)
    }

    /// Appends a record. Throws `StateFolderError`; the record is not there then.
    func append(_ record: Record) throws(StateFolderError) { try file.append(Self.line(record)) }

    private static func line(_ record: Record) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A record is a flat struct of strings and numbers, which always encode; an empty line is skipped when read.
        return Array((try? encoder.encode(record)) ?? Data()) + [UInt8(ascii: "\n")]
    }
}
