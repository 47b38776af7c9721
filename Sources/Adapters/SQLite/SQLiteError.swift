import CSQLite
import Glibc

/// A fault of a database, in SQLite's own words.
public struct SQLiteError: Error, Equatable, CustomStringConvertible {
    /// The faults that call for something different to be done.
    public enum Kind: Sendable, Hashable {
        /// The disk is full, or the file is as large as it may become.
        case full
        /// Another connection holds the file.
        case busy
        /// The file is damaged, or is no database.
        case corrupt
        /// The file or its folder is missing, or is not ours to open or write.
        case inaccessible
        /// A UNIQUE or PRIMARY KEY constraint refused a row.
        case duplicate
        /// A value or a row is larger than SQLite takes.
        case tooLarge
        /// Another fault.
        case other
    }

    /// The kind of fault.
    public let kind: Kind
    /// SQLite's extended result code.
    public let code: Int32
    /// Which file.
    public let path: String
    /// SQLite's words.
    public let message: String

    /// Whether a row was refused by a UNIQUE or PRIMARY KEY constraint.
    public var isDuplicate: Bool { kind == .duplicate }

    /// Whether the disk is full.
    public var isDiskFull: Bool { kind == .full }

    /// The fault, and what to do where that is known.
    public var description: String {
        switch kind {
        case .full: "\(path): the disk is full: free some space"
        case .busy: "\(path): another process uses the database: stop it first"
        case .inaccessible: "\(path): \(message): check the file's owner and mode"
        case .corrupt: "\(path): \(message): restore it from a backup"
        case .duplicate, .tooLarge, .other: "\(path): \(message)"
        }
    }

    /// A fault from SQLite's extended result code and the error number of the operating system, 0 for none.
    init(code: Int32, systemError: Int32 = 0, path: String, message: String) {
        kind = Kind(code: code, systemError: systemError)
        self.code = code
        self.path = path
        self.message = message
    }
}

extension SQLiteError.Kind {
    fileprivate init(code: Int32, systemError: Int32) {
        let noRoom = systemError == ENOSPC || systemError == EDQUOT
        self =
            switch code & 0xff {
            case SQLITE_FULL: .full
            // Only with these does SQLite note the system's error; beside another code it is an earlier one.
            case SQLITE_IOERR, SQLITE_CANTOPEN: noRoom ? .full : code & 0xff == SQLITE_IOERR ? .other : .inaccessible
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .inaccessible
            case SQLITE_CONSTRAINT: code == constraintUnique || code == constraintPrimaryKey ? .duplicate : .other
            case SQLITE_TOOBIG: .tooLarge
            default: .other
            }
    }
}

// Compound macros, which Swift does not import.
private let constraintUnique = SQLITE_CONSTRAINT | 8 << 8
private let constraintPrimaryKey = SQLITE_CONSTRAINT | 6 << 8
