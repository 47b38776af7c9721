import Foundation
import IdentityBasedEncryption
import KeyManagement
import Primitives
import SQLite
import Testing

@Suite struct AuditLogTests {
    /// A folder whose audit log has five entries.
    private func folder() throws -> TestKMS {
        let kms = try TestKMS()
        let state = try kms.open()
        for number in 1...4 {
            _ = try state.enroll(
                identities: ["sip:user-\(number)@example.com"], mailboxDomain: "", token: kms.token(), peer: "test",
                now: kms.now)
        }
        return kms
    }

    private func fault(_ kms: TestKMS) -> AuditLogFault? {
        if case .auditLog(let fault) = kms.refusal() as? KeyManagementError { fault } else { nil }
    }

    private func joined(_ lines: [[UInt8]]) -> [UInt8] { lines.flatMap { $0 + [10] } }

    @Test func tellsWhoAskedForWhatAndWhatCameOfIt() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            _ = try await caller.keys(alice, [dated("alice"), dated("alice", 1)])
            #expect(try await caller.errorNumber(alice, [dated("bob")]) == 7)
            var thief = alice
            thief.account.psk = SecretBytes([UInt8](repeating: 7, count: 32))
            #expect(try await caller.errorNumber(thief, [dated("alice")]) == 0)
            let stranger = TestCaller(channel: caller.channel, token: "wrong", now: caller.now)
            _ = try? await stranger.enroll(["sip:eve@example.com"])

            let entries = try kms.auditEntries()
            #expect(entries.map(\.event) == [.created, .enrolment, .keys, .keys, .keys, .enrolment])
            #expect(entries.map(\.granted) == [true, true, true, false, false, false])
            #expect(entries.map(\.account) == [nil, 1, 1, 1, nil, nil])
            #expect(entries[1].identities == ["sip:alice@example.com"])
            #expect(
                entries[2].identities
                    == (Int64(0)...1).map { "sip:alice@example.com\(TestKMS.now.day.advanced(by: $0))" })
            #expect(entries[2].pskName == hexadecimal(alice.account.pskName))
            #expect(entries[2].peer == "127.0.0.1")
            #expect(entries[3].reason == "sip:bob@example.com is not of the account")
            #expect(entries[4].pskName == hexadecimal(alice.account.pskName))
            #expect(entries[5].identities == ["sip:eve@example.com"])
            #expect(try AuditChain(folder: kms.path).number == 6)
        }
    }

    @Test func boundsWhatStrangersCanWrite() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            var thief = alice
            thief.account.psk = SecretBytes([UInt8](repeating: 7, count: 32))
            for _ in 0..<80 { #expect(try await caller.errorNumber(thief, [dated("alice")]) == 0) }
            #expect(try kms.auditEntries().filter { !$0.granted }.count == 50)
            // What alice does is logged whatever strangers do.
            #expect(try await caller.errorNumber(alice, [dated("alice")]) == nil)
            #expect(try kms.auditEntries().last?.granted == true)
        }
    }

    @Test func noticesEveryChange() throws {
        let kms = try folder()
        defer { kms.remove() }
        let lines = try kms.auditLines()
        #expect(lines.count == 5)
        #expect(try AuditChain(folder: kms.path).number == 5)
        for index in lines.indices {
            var altered = lines
            altered[index][altered[index].count - 10] ^= 1
            try kms.write(joined(altered), to: "audit.jsonl")
            #expect(fault(kms) == .broken(line: Int64(index < 4 ? index + 2 : 5)))
        }
        try kms.write(joined(Array(lines[1...])), to: "audit.jsonl")
        #expect(fault(kms) == .broken(line: 1))
        #expect(throws: KeyManagementError.auditLog(.broken(line: 1))) { try AuditChain(folder: kms.path) }
        try kms.write(joined([lines[0], lines[2], lines[1], lines[3], lines[4]]), to: "audit.jsonl")
        #expect(fault(kms) == .broken(line: 2))
        try kms.write(joined(lines + [lines[4]]), to: "audit.jsonl")
        #expect(fault(kms) == .broken(line: 6))
        try kms.write(joined(lines) + Array("{".utf8), to: "audit.jsonl")
        #expect(fault(kms) == .added(line: 6))
        try kms.write(joined(lines), to: "audit.jsonl")
        #expect(kms.refusal() == nil)
    }

    @Test func noticesACut() throws {
        let kms = try folder()
        defer { kms.remove() }
        let lines = try kms.auditLines()
        for count in 0...3 {
            try kms.write(joined(Array(lines[..<count])), to: "audit.jsonl")
            #expect(fault(kms) == .cut(after: Int64(count), entries: 5))
        }
        try FileManager.default.removeItem(atPath: "\(kms.path)/audit.jsonl")
        #expect(fault(kms) == .cut(after: 0, entries: 5))
    }

    @Test func writesTheLastLineThatACrashLeftOut() throws {
        let kms = try folder()
        defer { kms.remove() }
        let whole = try kms.file("audit.jsonl")
        let last = try #require(kms.auditLines().last)
        for left in [0, 1, last.count / 2, last.count] {
            try kms.write(whole.dropLast(last.count + 1 - left), to: "audit.jsonl")
            #expect(kms.refusal() == nil)
            #expect(try kms.file("audit.jsonl") == whole)
        }
    }

    @Test func vouchesForTheRecordOfTheLastEntry() throws {
        let kms = try folder()
        defer { kms.remove() }
        let lines = try kms.auditLines()
        // Somebody cuts the log and makes the database agree, as far as he can.
        let database = try SQLiteDatabase(path: "\(kms.path)/accounts.sqlite")
        try database.run("UPDATE audit SET number = 3, line = ?", .octets(lines[2]))
        try kms.write(joined(Array(lines[..<3])), to: "audit.jsonl")
        #expect(fault(kms) == .record)
    }

    @Test func beginsAnewWhenTold() throws {
        var kms = try folder()
        defer { kms.remove() }
        let lines = try kms.auditLines()
        let damaged = joined(Array(lines[..<2]))
        try kms.write(damaged, to: "audit.jsonl")
        #expect(fault(kms) == .cut(after: 2, entries: 5))
        kms.settings.beginsNewAuditLog = true
        #expect(kms.refusal() == nil)
        let aside = try FileManager.default.contentsOfDirectory(atPath: kms.path).filter { $0.contains("damaged") }
        #expect(try aside.map { try kms.file($0) } == [damaged])
        #expect(try kms.auditEntries().map(\.event) == [.begunAnew])
        kms.settings.beginsNewAuditLog = false
        let state = try kms.open()
        #expect(try !state.removeAccount(of: Identity("sip:nobody@example.com"), now: kms.now))
        #expect(try AuditChain(folder: kms.path).number == 7)
    }
}
