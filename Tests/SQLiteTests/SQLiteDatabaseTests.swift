import Foundation
import SQLite
import Testing

@Suite struct SQLiteDatabaseTests {
    private struct Mistake: Error {}

    private let folder = FileManager.default.temporaryDirectory.appending(path: "sqlite-\(UUID().uuidString)")

    private func inFolder(_ body: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(path: "test.sqlite").path)
    }

    private func sqliteError(of body: () throws -> Void) -> SQLiteError? {
        do {
            try body()
            return nil
        } catch {
            return error as? SQLiteError
        }
    }

    @Test func givesBackEveryKindOfValueAfterReopening() throws {
        let values: [SQLiteValue] = [
            .null, .integer(.min), .integer(.max), .text(""), .text("Grüße"), .octets([]), .octets([0, 255, 0]),
        ]
        try inFolder { path in
            let database = try SQLiteDatabase(path: path)
            try database.run("CREATE TABLE things (place INTEGER PRIMARY KEY, value ANY) STRICT")
            for (place, value) in values.enumerated() {
                try database.run("INSERT INTO things VALUES (?, ?)", .integer(Int64(place)), value)
            }
            let reopened = try SQLiteDatabase(path: path)
            #expect(try reopened.rows("SELECT value FROM things ORDER BY place").map { $0[0] } == values)
            #expect(try reopened.rows("PRAGMA journal_mode") == [[.text("wal")]])
            #expect(try reopened.rows("PRAGMA synchronous") == [[.integer(2)]])
        }
    }

    @Test func keepsAllOfATransactionOrNothing() throws {
        try inFolder { path in
            let database = try SQLiteDatabase(path: path)
            try database.run("CREATE TABLE names (name TEXT PRIMARY KEY) STRICT")
            let failed = Result {
                try database.transaction {
                    try database.run("INSERT INTO names VALUES (?)", .text("alice"))
                    throw Mistake()
                }
            }
            #expect(throws: Mistake.self) { try failed.get() }
            #expect(try database.rows("SELECT * FROM names").isEmpty)
            try database.transaction { try database.run("INSERT INTO names VALUES (?)", .text("bob")) }
            #expect(try database.rows("SELECT * FROM names") == [[.text("bob")]])
        }
    }

    @Test func saysWhenTheDiskIsFull() throws {
        try inFolder { path in
            let database = try SQLiteDatabase(path: path)
            try database.run("CREATE TABLE names (name TEXT PRIMARY KEY) STRICT")
            _ = try database.rows("PRAGMA max_page_count = 4")
            let name = String(repeating: "x", count: 100_000)
            let full = sqliteError { try database.run("INSERT INTO names VALUES (?)", .text(name)) }
            #expect(full?.isDiskFull == true)
            #expect(full?.description == "\(path): the disk is full: free some space")
            #expect(try database.rows("SELECT * FROM names").isEmpty)
        }
    }

    @Test func namesADuplicateAndAFileThatIsNoDatabase() throws {
        try inFolder { path in
            let database = try SQLiteDatabase(path: path)
            try database.run("CREATE TABLE names (name TEXT PRIMARY KEY) STRICT")
            try database.run("INSERT INTO names VALUES ('alice')")
            let duplicate = sqliteError { try database.run("INSERT INTO names VALUES ('alice')") }
            #expect(duplicate?.isDuplicate == true)
            // The fault is over with the statement.
            try database.run("INSERT INTO names VALUES ('bob')")

            let other = path + ".txt"
            try Data(String(repeating: "no database ", count: 100).utf8).write(to: URL(fileURLWithPath: other))
            let wrong = sqliteError { _ = try SQLiteDatabase(path: other) }
            #expect(wrong?.description.contains(other) == true)
            #expect(wrong?.isDuplicate == false)
        }
    }
}
