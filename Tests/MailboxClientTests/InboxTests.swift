import Foundation
import Mailbox
import MailboxClient
import Primitives
import Testing

@Suite struct InboxTests {
    private let folder = TemporaryFolder()

    private func open(at now: UTCTime = sampleTime) throws -> Inbox {
        try Inbox(folder: "\(folder.path)/inbox", record: "\(folder.path)/received", now: now)
    }

    @Test func aStoredDepositIsAFileAndItsDescription() throws {
        let inbox = try open()
        let deposit = try store([1, 2, 3], sampleHeader(mediaType: "audio/wav"), in: inbox)
        let id = String(repeating: "01", count: 16)
        #expect(deposit.path == "\(inbox.folder)/\(id).wav")
        #expect(folder.files()["inbox/\(id).wav"] == [1, 2, 3])
        #expect(folder.mode(of: "inbox/\(id).wav") == 0o600)
        #expect(try inbox.deposits() == [deposit])
        #expect(deposit.sha256 == hexadecimal(HashFunction.sha256.hash([1, 2, 3])))
        #expect(!deposit.isRepeat)
    }

    @Test func jsonContentDoesNotHideItsDescription() throws {
        let inbox = try open()
        let deposit = try store([1], sampleHeader(mediaType: "application/json"), in: inbox)
        #expect(FileManager.default.contents(atPath: deposit.path) == Data([1]))
        #expect(try inbox.deposits() == [deposit])
    }

    @Test func whatWasUnderWayWhenAProcessDiedIsRemoved() throws {
        try dieUnderWay()
        let again = try open()
        #expect(!FileManager.default.fileExists(atPath: "\(again.folder)/.incoming/dead.part"))
        #expect(try again.deposits().isEmpty)
    }

    private func dieUnderWay() throws {
        let inbox = try open()
        let file = try inbox.begin(sampleHeader())
        try file.append(SecretBytes([1]))
        #expect(FileManager.default.fileExists(atPath: file.path))
        #expect(throws: MailboxClientError.locked(path: "\(folder.path)/received")) { try open() }
        try Data([1]).write(to: URL(fileURLWithPath: "\(inbox.folder)/.incoming/dead.part"))
        withExtendedLifetime(inbox) {}
    }

    @Test func aContentThatIsNotStoredLeavesNothing() throws {
        let inbox = try open()
        do { try inbox.begin(sampleHeader()).append(SecretBytes([1])) }
        #expect(folder.files().keys.filter { $0.contains("part") }.isEmpty)
    }

    @Test func seenIsSeenAlsoAfterARestart() throws {
        let header = try sampleHeader()
        var inbox: Inbox? = try open()
        #expect(inbox?.seen.knowledge(of: header) == .new)
        let deposit = try store([1], header, in: try #require(inbox))
        // Stored is not seen: a process that died here shows it when it comes again.
        #expect(inbox?.seen.knowledge(of: header) == .new)
        try inbox?.seen.note(deposit, lifetimeSeconds: 60)
        #expect(inbox?.seen.knowledge(of: header) == .seen)
        inbox = nil
        let again = try open()
        #expect(again.seen.knowledge(of: header) == .seen)
        #expect(try again.seen.knowledge(of: sampleHeader(length: 4)) == .other, "one id, another header")
        #expect(again.seen.nextNumber(ofHandshake: deposit.handshake) == 1)
    }

    @Test func aRepeatTakesThePlaceOfTheFirst() throws {
        let inbox = try open()
        let header = try sampleHeader()
        let first = try store([1, 2, 3], header, in: inbox)
        let second = try store([1, 2, 3], header, in: inbox)
        #expect(second.isRepeat && second.path == first.path)
        #expect(try inbox.deposits().count == 1)
    }

    @Test func twoRecipientsWithOneIdKeepBoth() throws {
        let inbox = try open()
        let first = try store([1], sampleHeader(), in: inbox)
        let second = try store([2], sampleHeader(recipient: "sip:carol@example.com"), in: inbox)
        #expect(first.path != second.path)
        #expect(FileManager.default.contents(atPath: first.path) == Data([1]))
        #expect(try inbox.deposits().count == 2)
    }

    @Test func aLineThatACrashCutIsDropped() throws {
        let header = try sampleHeader()
        do {
            let inbox = try open()
            try inbox.seen.note(try store([1], header, in: inbox), lifetimeSeconds: 60)
        }
        let path = "\(folder.path)/received/seen.log"
        let handle = try #require(FileHandle(forWritingAtPath: path))
        handle.seekToEndOfFile()
        handle.write(Data(#"{"id":"0202"#.utf8))
        try handle.close()
        let other = try sampleHeader(id: 3)
        do {
            let inbox = try open()
            #expect(inbox.seen.knowledge(of: header) == .seen)
            try inbox.seen.note(try store([1], other, in: inbox), lifetimeSeconds: 60)
        }
        let inbox = try open()
        #expect(inbox.seen.knowledge(of: header) == .seen)
        #expect(inbox.seen.knowledge(of: other) == .seen)
    }

    @Test func whatTheMailboxCannotBringAgainIsForgotten() throws {
        let header = try sampleHeader()
        do {
            let inbox = try open()
            try inbox.seen.note(try store([1], header, in: inbox), lifetimeSeconds: 60)
        }
        #expect(try open(at: sampleTime.advanced(byMilliseconds: 60_000)).seen.knowledge(of: header) == .seen)
        #expect(try open(at: sampleTime.advanced(byMilliseconds: 90_000_000)).seen.knowledge(of: header) == .new)
    }

    @Test func depositsOfOneHandshakeAreListedByNumber() throws {
        let inbox = try open()
        for number in [2, 0, 1] as [UInt32] {
            _ = try store([1], sampleHeader(id: UInt8(10 - number), number: number), in: inbox)
        }
        #expect(try inbox.deposits().map(\.number) == [0, 1, 2])
    }

    @Test func aFullDiskIsNamedAndLeavesTheFileToTryAgain() throws {
        let full = try OpenFile("/dev/full", O_WRONLY)
        let error = fileFailure { try full.write([1, 2, 3]) }
        #expect(error?.code == ENOSPC)
        #expect(error?.description.contains("free some space") == true)
    }
}
