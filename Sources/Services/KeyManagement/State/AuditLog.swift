import Primitives
import SQLite
import StateFolder

/// The KMS's append-only log of who got what: JSON lines, each with the SHA-256 of the line before.
///
/// The database holds the last line and a MAC of it, written in the transaction of what the line tells: so account and entry
/// are there both or not at all, a cut at the end is noticed, and a crash between database and file is repaired. The MAC's key
/// is sealed: who can write to the disk, and no more, cannot make the log lie. Only an older copy of the whole folder passes.
final class AuditLog {
    static let fileName = "audit.jsonl"

    private let database: SQLiteDatabase
    private let file: AppendOnlyFile
    private let key: SecretBytes
    private var last: (number: Int64, line: AuditLine)?
    /// The last line is in the database and not yet in the file.
    private var isBehind: Bool

    /// Whether nothing has ever been logged.
    var isEmpty: Bool { last == nil }

    /// Opens the log of the folder and checks every link of its chain.
    ///
    /// Throws `AuditLogFault` for a damaged log, and `StateFolderError`, `SQLiteError`.
    init(database: SQLiteDatabase, folder: StateFolder, key: SecretBytes) throws {
        let last = try Self.last(in: database, key: key)
        let file = try AppendOnlyFile(Self.fileName, in: folder)
        let chain = try AuditChain(path: folder.path(of: Self.fileName))
        let number = last?.number ?? 0
        if let last,
            last.line.follows(chain.hash, number: chain.number + 1) || chain.number == 0 && last.line.beginsAnew
        {
            // A crash came between the database and the file, which may hold a part of the line.
            try file.truncate(to: chain.octetCount)
            isBehind = true
        } else {
            guard chain.number >= number else { throw AuditLogFault.cut(after: chain.number, entries: number) }
            guard chain.number == number, chain.octetCount == file.octetCount else {
                throw AuditLogFault.added(line: chain.number + (chain.number == number ? 1 : 0))
            }
            guard chain.hash == last?.line.hash ?? AuditLine.noPrevious else {
                throw AuditLogFault.broken(line: number)
            }
            isBehind = false
        }
        self.database = database
        self.file = file
        self.key = key
        self.last = last
        try catchUp()
    }

    /// Begins a log anew where the file of the folder was put aside.
    ///
    /// It goes on from the last entry that the database can vouch for. Throws `StateFolderError`, `SQLiteError`.
    init(anewIn folder: StateFolder, database: SQLiteDatabase, key: SecretBytes, fault: AuditLogFault, now: UTCTime)
        throws
    {
        self.database = database
        self.key = key
        last = try? Self.last(in: database, key: key)
        isBehind = false
        let damaged = "audit-\(now)-damaged.jsonl"
        try folder.rename(Self.fileName, to: damaged)
        file = try AppendOnlyFile(Self.fileName, in: folder)
        try record(now: now) {
            ((), AuditEntry(.begunAnew, reason: "\(fault); the log before is in \(damaged)"))
        }
    }

    /// Makes the table that the log needs.
    static func prepare(_ database: SQLiteDatabase) throws(SQLiteError) {
        try database.run(
            """
            CREATE TABLE IF NOT EXISTS audit (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL,
            line BLOB NOT NULL, mac BLOB NOT NULL) STRICT
            """)
    }

    /// Whether anything was ever logged. Throws `SQLiteError`.
    static func hasEntry(in database: SQLiteDatabase) throws(SQLiteError) -> Bool {
        try !database.rows("SELECT 1 FROM audit").isEmpty
    }

    /// Does something to the database and logs it, both or neither.
    ///
    /// Throws what `body` throws, `StateFolderError` where an earlier entry is not in the file yet and cannot be written, and
    /// `SQLiteError`.
    func record<Result>(now: UTCTime, _ body: () throws -> (Result, AuditEntry)) throws -> Result {
        try catchUp()
        let number = (last?.number ?? 0) + 1
        let (result, line) = try database.transaction {
            let (result, entry) = try body()
            let line = try AuditLine(entry, number: number, after: last?.line.hash ?? AuditLine.noPrevious, now: now)
            try database.run(
                "INSERT OR REPLACE INTO audit VALUES (1, ?, ?, ?)", .integer(number), .octets(line.octets),
                .octets(Self.mac(of: line, number: number, key: key)))
            return (result, line)
        }
        last = (number, line)
        isBehind = true
        // Should this fail, the entry is safe in the database, and nothing else happens before it is in the file.
        try? catchUp()
        return result
    }

    private func catchUp() throws(StateFolderError) {
        guard isBehind, let last else { return }
        try file.append(last.line.octets + [UInt8(ascii: "\n")])
        isBehind = false
    }

    private static func last(in database: SQLiteDatabase, key: SecretBytes) throws -> (number: Int64, line: AuditLine)?
    {
        guard let row = try database.rows("SELECT number, line, mac FROM audit").first else { return nil }
        guard let number = row[0].integer, let octets = row[1].octets, let code = row[2].octets else {
            throw AuditLogFault.record
        }
        let line = AuditLine(octets: octets)
        guard constantTimeEqual(code, mac(of: line, number: number, key: key)) else { throw AuditLogFault.record }
        return (number, line)
    }

    private static func mac(of line: AuditLine, number: Int64, key: SecretBytes) -> [UInt8] {
        var octets: [UInt8] = []
        octets.append(bigEndian: number)
        return HMAC.code(key: key, octets + line.octets)
    }
}
