import ClusterKeyFile
import Foundation
import Mailbox
import Primitives
import Synchronization
import TestCluster
import TestVectors
import Testing

@Suite(.serialized) struct KeyFileTests {
    @Test func fileIsItsOwnersAlone() throws {
        let file = try KeyFile()
        #expect(throws: ClusterKeyFileError.missing(path: file.path("none"))) {
            try file.reader("none") { UTCTime(milliseconds: 0) }
        }
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try ClusterKeyFile.keys(at: file.path)?.entries.map(\.id) == [1])
        #expect(try ClusterKeyFile.keys(at: file.path("none")) == nil)
        // What a change does not want done is not done.
        #expect(throws: ClusterKeys.Fault.self) {
            try ClusterKeyFile.change(file.path) { try $0?.forget(id: 1, at: UTCTime(milliseconds: 0), isUrgent: true) }
        }
        #expect(try ClusterKeyFile.keys(at: file.path)?.entries.map(\.id) == [1])
    }

    @Test func changesOfManyAtOnceAreAllMade() async throws {
        let file = try KeyFile()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { try file.rotate(UTCTime(milliseconds: 1)) } }
            try await group.waitForAll()
        }
        #expect(try ClusterKeyFile.keys(at: file.path)?.entries.map(\.id) == Array(1...21))
    }

    @Test func changedFileIsNoticedWhileItRuns() async throws {
        let clock = TestClock()
        let file = try KeyFile()
        let keys = try file.reader { clock.now }
        let watch = Task { await keys.watch(every: .milliseconds(10)) }
        defer { watch.cancel() }
        #expect(try file.rotate(clock.now) == 2)
        try await eventually("the new key seals") { try sealing(keys) == 2 }
        // One that is to seal later does so when its time comes, with no further change of the file.
        try file.rotate(clock.now.advanced(byMilliseconds: 60_000))
        try await eventually("the file was read") { file.count("all: [1, 2, 3]") == 1 }
        #expect(try sealing(keys) == 2)
        clock.advance(seconds: 61)
        try await eventually("the next key seals") { try sealing(keys) == 3 }
        #expect(file.count("changed") == 2)
    }

    @Test(arguments: ["", "garbage", "1 2026-12-01T10:00:00Z 00\n"])
    func damagedFileChangesNothingForWhoRuns(damage: String) async throws {
        let clock = TestClock()
        let file = try KeyFile()
        let keys = try file.reader { clock.now }
        let good = try Data(contentsOf: URL(fileURLWithPath: file.path))
        try file.write(damage)
        for _ in 0..<3 { #expect(try sealing(await keys.refreshed()) == 1) }
        #expect(file.count("unusable") == 1)
        // Who starts refuses, and says which line it is.
        let fault = thrown(ClusterKeyFileError.self) { try file.reader { clock.now } }
        #expect(fault?.description.contains("line 1") == true)
        #expect(fault?.isDamaged == true)
        try FileManager.default.removeItem(atPath: file.path)
        for _ in 0..<3 { #expect(try sealing(await keys.refreshed()) == 1) }
        #expect(file.count("unusable") == 2)
        try good.write(to: URL(fileURLWithPath: file.path))
        try file.rotate(clock.now)
        #expect(try sealing(await keys.refreshed()) == 2)
    }

    @Test(arguments: [true, false]) func keyIsForgottenInTime(isShared: Bool) async throws {
        let clock = TestClock()
        let file = try KeyFile()
        let keys = try file.reader(keeper: isShared ? .fronts : .operators) { clock.now }
        let name = SessionKey(kind: .session, name: [1])
        let sealed = try keys.seal.seal(SecretBytes([7]), for: name)
        try file.rotate(clock.now)
        clock.advance(seconds: 2 * 86_400 - 1)
        #expect(try await keys.refreshed().open(sealed, for: name) == SecretBytes([7]))
        clock.advance(seconds: 1)
        for _ in 0..<3 {
            let seal = await keys.refreshed()
            #expect(throws: SessionSeal.Fault.unknownKey(id: 1)) { try seal.open(sealed, for: name) }
        }
        #expect(try ClusterKeyFile.keys(at: file.path)?.entries.map(\.id) == (isShared ? [2] : [1, 2]))
        #expect(file.count("forgotten") == (isShared ? 1 : 0))
        #expect(file.count("needless") == (isShared ? 0 : 1))
    }
}
