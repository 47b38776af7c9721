import CSQLite
import EmbeddedStore
import Foundation
import Mailbox
import Primitives
import StoreBehaviour
import Testing

/// What is wrong with a file or its disk is named, with what to do, and nothing is left behind.
struct FaultTests {
    func fault(_ body: () async throws -> Void) async -> StoreError? {
        do {
            try await body()
            return nil
        } catch { return error as? StoreError }
    }

    @Test func storeHeldByAnotherProcessNamesIt() async throws {
        let files = try TemporaryStore()
        let store = try files.open(busyTimeoutMs: 100)
        let victim = try Victim("hold", files.path, firstSeed: 0)
        #expect(try victim.nextLine() == "holding")
        let ben = try person("ben")
        let fault = await fault { try await store.append(try PresenceEvent(entity: ben, isOpen: true)) }
        #expect(fault?.kind == .locked)
        #expect(fault?.detail.contains("process \(victim.id) (StoreVictim)") == true)
        #expect(fault?.detail.contains(files.path) == true)
        victim.kill()
        try await store.append(try PresenceEvent(entity: ben, isOpen: true))
        await store.close()
    }

    @Test func fullStoreTakesNothingAndLeavesNothing() async throws {
        let files = try TemporaryStore()
        let store = try files.open(sizeLimit: 400_000)
        try await fill(store)
        await store.close()
    }

    /// A disk of its own that is really full: a small tmpfs, where the test may mount one.
    @Test(.enabled(if: geteuid() == 0)) func fullDiskTakesNothingAndLeavesNothing() async throws {
        let files = try TemporaryStore()
        let disk = files.folder.appendingPathComponent("disk")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
        guard mount("tmpfs", disk.path, "tmpfs", 0, "size=1m") == 0 else { return }
        // 2 is MNT_DETACH.
        defer { umount2(disk.path, 2) }
        let full = try TemporaryStore(in: disk)
        let store = try full.open()
        try await fill(store)
        await store.close()
    }

    private func fill(_ store: EmbeddedStore) async throws {
        let (anna, ben) = (try person("anna"), try person("ben"))
        let partition = Partitioner.partition(of: ben, count: store.partitionCount)
        var stored: [Envelope] = []
        var refused: StoreError?
        for seed in 0..<2000 where refused == nil {
            let envelope = try SampleMail(from: anna, to: ben, seed: UInt64(seed), length: 8000)
                .envelope(receivedAt: TemporaryStore.clock())
            refused = await fault {
                try await store.append(envelope)
                stored.append(envelope)
            }
        }
        #expect(refused?.kind == .full)
        #expect(refused?.detail.contains("make room") == true)
        #expect(!stored.isEmpty)
        var found: [Envelope] = []
        var next = LogPosition()
        while true {
            let batch = try await store.read(
                partition: partition, from: next, limit: PageLimit(count: 20), waitingUpTo: .zero)
            for record in batch.records {
                guard case .envelope(let envelope) = try EnvelopeRecord(record.record) else { continue }
                found.append(envelope)
            }
            next = batch.next
            if batch.reachesEnd { break }
        }
        #expect(found == stored)
        #expect(try await store.bounds(of: partition).end.envelopes == UInt64(stored.count))
    }

    @Test func fileThatIsNoStoreIsRefusedAndLeftAlone() async throws {
        let files = try TemporaryStore()
        let text = Data(String(repeating: "this is a letter, not a store. ", count: 500).utf8)
        try text.write(to: URL(fileURLWithPath: files.path))
        #expect(await fault { _ = try files.open() }?.kind == .corrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: files.path)) == text)
    }

    @Test func databaseOfAnotherProgramIsRefused() async throws {
        let files = try TemporaryStore()
        try sqlite(files.path, "CREATE TABLE t (x); PRAGMA user_version = 1")
        let fault = await fault { _ = try files.open() }
        #expect(fault?.kind == .corrupt)
        #expect(fault?.detail.contains("another program") == true)
    }

    @Test func storeOfALaterVersionIsRefused() async throws {
        let files = try TemporaryStore()
        await (try files.open()).close()
        try sqlite(files.path, "PRAGMA user_version = 2")
        let fault = await fault { _ = try files.open() }
        #expect(fault?.kind == .newerVersion)
        #expect(fault?.detail.contains("update") == true)
    }

    @Test func damagedStoreIsNamed() async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        for seed in 0..<40 {
            try await store.append(
                try SampleMail(from: try person("anna"), to: try person("ben"), seed: UInt64(seed), length: 4000)
                    .envelope(receivedAt: TemporaryStore.clock()))
        }
        #expect(try await store.compact())
        await store.close()
        var octets = try Data(contentsOf: URL(fileURLWithPath: files.path))
        for place in 8192..<octets.count { octets[place] = 0xa5 }
        try octets.write(to: URL(fileURLWithPath: files.path))
        let fault = await fault {
            let store = try files.open()
            for partition in 0..<2 {
                _ = try await store.read(
                    partition: partition, from: LogPosition(), limit: PageLimit(count: 100), waitingUpTo: .zero)
            }
        }
        #expect(fault?.kind == .corrupt)
    }

    @Test func folderThatIsMissingIsNamed() async throws {
        let files = try TemporaryStore()
        try FileManager.default.removeItem(at: files.folder)
        let fault = await fault { _ = try files.open() }
        #expect(fault?.kind == .unavailable)
        #expect(fault?.detail.contains("folder") == true)
    }

    @Test func fileIsItsOwnersAlone() async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        try await store.append(try PresenceEvent(entity: try person("ben"), isOpen: true))
        for name in try FileManager.default.contentsOfDirectory(atPath: files.folder.path) {
            var status = stat()
            #expect(stat(files.folder.appendingPathComponent(name).path, &status) == 0)
            #expect(status.st_mode & 0o077 == 0)
        }
        await store.close()
    }

    @Test func closedStoreSaysSo() async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        await store.close()
        #expect(await fault { _ = try await store.bounds(of: 0) }?.kind == .closed)
        #expect(await fault { _ = try await store.tick(partition: 0) }?.kind == .closed)
    }

    private func sqlite(_ path: String, _ script: String) throws {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        guard sqlite3_open(path, &handle) == SQLITE_OK, sqlite3_exec(handle, script, nil, nil, nil) == SQLITE_OK else {
            throw StoreError(.unavailable, "the test's own SQLite failed")
        }
    }
}
