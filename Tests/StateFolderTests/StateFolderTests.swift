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

    @Test func appendsWhatItThenReads() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try StateFolder(path: path, marker: "test.lock")
        try AppendOnlyFile("log", in: folder).append([1, 2])
        let file = try AppendOnlyFile("log", in: folder)
        try file.append([3])
        #expect(file.octetCount == 3)
        #expect(try file.read(limit: 3) == [1, 2, 3])
        try file.truncate(to: 1)
        try file.append([7])
        #expect(try file.read(limit: 3) == [1, 7])
        #expect(stateFolderError { _ = try file.read(limit: 1) } == .oversized(path: folder.path(of: "log"), limit: 1))
    }

    @Test func saysWhenTheDiskIsFull() throws {
        let error = StateFolderError.failed(call: "write", path: "/state/key", code: ENOSPC)
        #expect(error.description == "/state/key: the disk is full: free some space")
    }
}
