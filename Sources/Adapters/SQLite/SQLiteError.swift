import CSQLite

/// A fault of a database, in SQLite's own words.
public struct SQLiteError: Error, Equatable, CustomStringConvertible {
    /// SQLite's extended result code.
    public let code: Int32
    /// Which file.
    public let path: String
    /// SQLite's words.
    public let message: String

    /// Whether a row was refused by a UNIQUE or PRIMARY KEY constraint.
    public var isDuplicate: Bool {
        code == constraintUnique || code == constraintPrimaryKey
    }

    /// Whether the disk is full.
    public var isDiskFull: Bool { code & 0xff == SQLITE_FULL }

    /// The fault, and what to do where that is known.
    public var description: String {
        switch code & 0xff {
        case SQLITE_FULL: "\(path): the disk is full: free some space"
        case SQLITE_BUSY, SQLITE_LOCKED: "\(path): another process uses the database: stop it first"
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH:
            "\(path): \(message): check the file's owner and mode"
        case SQLITE_CORRUPT, SQLITE_NOTADB: "\(path): \(message): restore it from a backup"
        default: "\(path): \(message)"
        }
    }

    init(code: Int32, path: String, message: String) {
        self.code = code
        self.path = path
        self.message = message
    }
}

// Compound macros, which Swift does not import.
private let constraintUnique = SQLITE_CONSTRAINT | 8 << 8
private let constraintPrimaryKey = SQLITE_CONSTRAINT | 6 << 8
