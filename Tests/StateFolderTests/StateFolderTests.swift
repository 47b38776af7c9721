import Foundation
import StateFolder
import Testing

@Suite struct StateFolderTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "state-\(UUID().uuidString)").path

    private func mode(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func stateFolderError(of body: () throws -> Void) -> StateFolderError? {
        do {
            try body()
            return nil
        } catch {
            return error as? StateFolderError
        }
    }

    @Test func belongsToItsOwnerAndToOneHolderAtATime() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var folder: StateFolder? = try StateFolder(path: path, marker: "test.lock")
        #expect(try mode(of: path) == 0o700)
        let refusal = stateFolderError { _ = try StateFolder(path: path, marker: "test.lock") }
        #expect(refusal == .locked(path: path, processID: ProcessInfo.processInfo.processIdentifier))
        folder = nil
        folder = try StateFolder(path: path, marker: "test.lock")
        #expect(folder != nil)
    }

    @Test func leavesAFolderOfOtherThingsAlone() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data().write(to: URL(fileURLWithPath: path + "/letter.txt"))
        chmod(path, 0o755)
        let refusal = stateFolderError { _ = try StateFolder(path: path, marker: "test.lock") }
        #expect(refusal == .foreign(path: path, marker: "test.lock"))
        #expect(try mode(of: path) == 0o755)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["letter.txt"])
    }

    @Test func replacesFilesWhole() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try StateFolder(path: path, marker: "test.lock")
        #expect(try folder.read("key-1") == nil)
        try folder.write("key-1", [1, 2, 3])
        try folder.write("key-1", [4])
        #expect(try folder.read("key-1") == [4])
        #expect(try mode(of: folder.path(of: "key-1")) == 0o600)
        #expect(stateFolderError { _ = try folder.read("key-1", limit: 0) } != nil)
        // What a crash left of a file that was being written is no file.
        try Data([9]).write(to: URL(fileURLWithPath: folder.path(of: "key-2.unfinished")))
        #expect(try folder.names(startingWith: "key-") == ["key-1"])
        try folder.rename("key-1", to: "key-3")
        #expect(try folder.names(startingWith: "key-") == ["key-3"])
    }

    @Test func appendsWhole() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try StateFolder(path: path, marker: "test.lock")
        try AppendOnlyFile("log", in: folder).append([1, 2])
        let file = try AppendOnlyFile("log", in: folder)
        try file.append([3])
        #expect(file.octetCount == 3)
        #expect(try folder.read("log") == [1, 2, 3])
        try file.truncate(to: 1)
        try file.append([7])
        #expect(try folder.read("log") == [1, 7])
        #expect(stateFolderError { _ = try folder.read("log", limit: 1) } != nil)
    }

    @Test func readsLinesWhateverTheirLength() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try StateFolder(path: path, marker: "test.lock")
        let lines = [10, 0, 65_535, 65_536, 65_537, 200_000, 1].map { [UInt8](repeating: 65, count: $0) }
        try folder.write("log", Array(lines.joined(separator: [10])) + [10] + Array("unfinished".utf8))
        var read: [[UInt8]] = []
        let end = try LineFile(path: folder.path(of: "log")).forEachLine(limit: 200_000) { read.append($0) }
        #expect(read == lines)
        #expect(end == lines.reduce(0) { $0 + $1.count + 1 })
        let tooLong = stateFolderError {
            _ = try LineFile(path: folder.path(of: "log")).forEachLine(limit: 199_999) { _ in }
        }
        #expect(tooLong == .oversized(path: folder.path(of: "log"), limit: 199_999))
    }

    @Test func throwsWhatTheDiskCannotTake() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try StateFolder(path: path, marker: "test.lock")
        try FileManager.default.createSymbolicLink(atPath: folder.path(of: "log"), withDestinationPath: "/dev/full")
        let file = try AppendOnlyFile("log", in: folder)
        let full = stateFolderError { try file.append([1]) }
        #expect(full == .failed(call: "write", path: folder.path(of: "log"), code: ENOSPC))
        #expect(file.octetCount == 0)
    }

    @Test func saysWhenTheDiskIsFull() throws {
        let error = StateFolderError.failed(call: "write", path: "/state/key", code: ENOSPC)
        #expect(error.description == "/state/key: the disk is full: free some space")
    }
}
