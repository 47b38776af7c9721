import Foundation
import SQLite
import Testing

/// What a query gives row by row, what a transaction holds, and how a file is opened.
@Suite struct SQLiteQueryTests {
    private struct Mistake: Error, Equatable {
        let kind: SQLiteError.Kind?
    }

    private let folder = FileManager.default.temporaryDirectory.appending(path: "sqlite-\(UUID().uuidString)")

    private func inFolder(_ body: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(path: "test.sqlite").path)
    }

    private func kind(of body: () throws -> Void) -> SQLiteError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? SQLiteError)?.kind
        }
    }

    @Test func readsColumnsOfARow() throws {
        try inFolder { path in
            let database = try SQLiteDatabase(path: path)
            try database.run("CREATE TABLE things (number, words, octets, none)")
            try database.run(
                "INSERT INTO things VALUES (?, ?, ?, ?)",
                [.integer(-7), .text("nul \0, ß"), SQLiteValue([1, 0, 2]), SQLiteValue(nil)])
            var count = 0
            try database.query("SELECT number, words, octets, none FROM things", [], fault: { $0 }) {
                row throws(SQLiteError) in
                count += 1
                #expect(row.integer(0) == -7)
                #expect(row.text(1) == "nul \0, ß")
                #expect(row.octetCount(2) == 3)
                #expect(row.octets(2) == [1, 0, 2])
                #expect(row.optionalOctets(3) == nil)
                #expect(row.optionalText(3) == nil)
                #expect(row.octets(3) == [])
                #expect(row.values == [.integer(-7), .text("nul \0, ß"), .octets([1, 0, 2]), .null])
                return true
            }
            #expect(count == 1)
        }
    }

    @Test func endsAQueryWhereItsReaderSaysSoOrFails() throws {
        try inFolder { path in
            let database = try SQLiteDatabase(path: path)
            let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9) SELECT i FROM n"
            var seen: [Int64] = []
            try database.query(sql, [], fault: { $0 }) { row throws(SQLiteError) in
                seen.append(row.integer(0))
                return seen.count < 3
            }
            #expect(seen == [1, 2, 3])
            #expect(throws: Mistake(kind: nil)) {
                try database.query(sql, [], fault: { Mistake(kind: $0.kind) }) { _ throws(Mistake) in
                    throw Mistake(kind: nil)
                }
            }
            #expect(throws: Mistake(kind: .other)) {
                try database.query("SELECT i FROM nowhere", [], fault: { Mistake(kind: $0.kind) }) {
                    _ throws(Mistake) in true
                }
            }
            // A statement that was left early begins anew.
            #expect(try database.rows(sql).count == 9)
        }
    }

    @Test func aReaderSeesOneStateAndKeepsNobodyFromWriting() throws {
        try inFolder { path in
            let (one, other) = (try SQLiteDatabase(path: path), try SQLiteDatabase(path: path))
            try one.run("CREATE TABLE names (name TEXT PRIMARY KEY)")
            let count = "SELECT count(*) FROM names"
            try one.transaction(.reading, fault: { $0 as any Error }) {
                let before = try one.rows(count)
                try other.transaction { try other.run("INSERT INTO names VALUES ('alice')") }
                let after = try one.rows(count)
                #expect(before == [[.integer(0)]])
                #expect(after == before)
                #expect(one.isInTransaction)
            }
            #expect(!one.isInTransaction)
            #expect(try one.rows(count) == [[.integer(1)]])
        }
    }

    @Test func waitsForAnotherConnectionAsLongAsItIsTold() throws {
        try inFolder { path in
            let holder = try SQLiteDatabase(path: path)
            let waiting = try SQLiteDatabase(path: path, SQLiteOptions(busyTimeoutMs: 50))
            try holder.transaction {
                let begun = ContinuousClock.now
                let refused = kind { try waiting.transaction {} }
                #expect(refused == .busy)
                #expect(ContinuousClock.now - begun >= .milliseconds(50))
            }
            try waiting.transaction {}
        }
    }

    @Test func overwritesWhatIsDeleted() throws {
        try inFolder { path in
            let database = try SQLiteDatabase(path: path)
            try database.run("CREATE TABLE names (name TEXT)")
            for deletes in [false, true] {
                if deletes { try database.run("DELETE FROM names") }
                try database.run("INSERT INTO names VALUES (?)", .text(deletes ? "bob" : "alice in wonderland"))
                _ = try database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
                let file = try Data(contentsOf: URL(fileURLWithPath: path))
                #expect((file.range(of: Data("in wonderland".utf8)) == nil) == deletes)
            }
            // Whatever the library's own default is.
            #expect(try database.rows("PRAGMA secure_delete") == [[.integer(1)]])
        }
    }

    @Test func givesPagesBackAndKeepsItsLimitWhereItIsTold() throws {
        try inFolder { path in
            let database = try SQLiteDatabase(path: path, SQLiteOptions(givesBackPages: true))
            try database.execute("CREATE TABLE things (octets); CREATE TABLE others (octets)")
            try database.run("INSERT INTO things VALUES (zeroblob(100000))")
            #expect(try database.rows("PRAGMA page_count")[0][0].integer ?? 0 > 20)
            try database.run("DELETE FROM things")
            _ = try database.rows("PRAGMA incremental_vacuum")
            #expect(try database.rows("PRAGMA page_count")[0][0].integer ?? .max < 10)
            try database.limitSize(octets: 80_000)
            #expect(kind { try database.run("INSERT INTO things VALUES (zeroblob(100000))") } == .full)
            try database.run("INSERT INTO things VALUES (zeroblob(10000))")
        }
    }

    @Test func makesNoFileWhereItMustBeThere() throws {
        try inFolder { path in
            let options = SQLiteOptions(makesFile: false)
            #expect(kind { _ = try SQLiteDatabase(path: path, options) } == .inaccessible)
            #expect(!FileManager.default.fileExists(atPath: path))
            let maker = try SQLiteDatabase(path: path)
            let finder = try SQLiteDatabase(path: path, options)
            #expect(maker.hasWriteAheadLog && finder.hasWriteAheadLog)
        }
    }
}
