import Foundation
import MailboxClient
import Testing

@Suite struct ContentSourceTests {
    private let folder = TemporaryFolder()

    private func file(_ octets: [UInt8]) throws -> String {
        let path = "\(folder.path)/content"
        try Data(octets).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func aFileIsReadAtAnyPlace() throws {
        let source = try ContentSource(file: try file(Array(0..<100)))
        #expect(source.length == 100)
        #expect(try source.read(at: 10, count: 5) == [10, 11, 12, 13, 14])
        #expect(try source.read(at: 98, count: 5) == [98, 99])
        #expect(try source.read(at: 100, count: 5) == [])
    }

    @Test func whatIsNoFileIsRefused() {
        #expect(throws: MailboxClientError.self) { try ContentSource(file: folder.path) }
        let missing = failure { try ContentSource(file: "\(folder.path)/none") }
        #expect(missing?.description.contains("\(folder.path)/none") == true)
        #expect(throws: MailboxClientError.self) { try ContentSource(file: "/dev/zero") }
    }

    @Test(arguments: [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000]) func aPipeIsKeptForRepeats(count: Int) throws {
        let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let source = try ContentSource(draining: OpenFile(try file(octets), O_RDONLY), spoolingIn: folder.path)
        #expect(source.length == UInt64(count))
        for _ in 0..<2 { #expect(try source.read(at: 0, count: count + 1) == octets) }
        #expect(folder.files().keys.sorted() == ["content"], "what is kept has no name")
    }

    @Test func aContentMustNotChangeBetweenAttempts() {
        var witness = ContentWitness()
        let verdicts = [([1], 0), ([2], 1), ([1], 0), ([2], 1), ([3], 1), ([3], 5)].map {
            witness.accepts($0.0, at: $0.1)
        }
        // Two that are new, the same again, another content, and a piece that skips others.
        #expect(verdicts == [true, true, true, true, false, false])
    }
}

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ("a.wav", "audio/wav"), ("A.WAV", "audio/wav"), ("x.tar.gz", "application/gzip"), ("note.txt", "text/plain"),
        ("photo.jpeg", "image/jpeg"), ("noextension", MediaType.unknown), (".profile", MediaType.unknown),
        ("dot.", MediaType.unknown), ("a.unheard", MediaType.unknown),
    ]) func guessedByExtension(name: String, mediaType: String) {
        #expect(MediaType.guess(fileName: name) == mediaType)
    }

    @Test(arguments: [
        ("audio/wav", "wav"), ("audio/x-wav", "wav"), ("text/plain; charset=utf-8", "txt"), ("IMAGE/JPEG", "jpg"),
        ("application/x-unheard", "bin"), ("../../evil", "bin"), ("", "bin"),
    ]) func anExtensionIsNeverTheSendersWord(mediaType: String, fileExtension: String) {
        #expect(MediaType.fileExtension(of: mediaType) == fileExtension)
    }
}
