import CSQLite
import EmbeddedStore
import Foundation
import IdentityBasedEncryption
import Mailbox
import Primitives
import StoreBehaviour
import TestVectors
import Testing

/// Two processes use one store and are killed with SIGKILL at any instant, again and again: what the store had promised
/// holds.
struct KillTests {
    static let rounds = ProcessInfo.processInfo.environment["POSTE_KILLS"].flatMap { Int($0) } ?? 12

    @Test func whatWasPromisedSurvivesSIGKILL() async throws {
        let files = try TemporaryStore()
        var random = SeededGenerator(seed: UInt64(Date().timeIntervalSince1970))
        var stored: Set<UInt64> = []
        var settled: Set<UInt64> = []
        for round in 0..<Self.rounds {
            let victims = try (0..<2).map {
                try Victim("append", files.path, firstSeed: UInt64(1_000_000 * (2 * round + $0)))
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 30...500, using: &random)))
            for line in victims.flatMap({ $0.killed() }) {
                let words = line.split(separator: " ")
                guard words.count == 2, let seed = UInt64(words[1]) else {
                    Issue.record("a victim said: \(line)")
                    continue
                }
                if words[0] == "stored" { stored.insert(seed) } else { settled.insert(seed) }
            }
            try await check(files, stored, settled)
        }
        #expect(stored.count > 100)
        #expect(!settled.isEmpty)
    }

    /// Every deposit promised and not settled is there with its content; nothing settled is; and the file is whole.
    private func check(_ files: TemporaryStore, _ stored: Set<UInt64>, _ settled: Set<UInt64>) async throws {
        let store = try files.open()
        let (anna, ben) = (try person("anna"), try person("ben"))
        let partition = Partitioner.partition(of: ben, count: store.partitionCount)
        var envelopes: [DepositID: Envelope] = [:]
        var next = LogPosition()
        while true {
            let batch = try await store.read(
                partition: partition, from: next, limit: PageLimit(count: 500, octets: 1 << 24), waitingUpTo: .zero)
            for record in batch.records {
                guard case .envelope(let envelope) = try EnvelopeRecord(record.record) else { continue }
                envelopes[envelope.id] = envelope
            }
            next = batch.next
            if batch.reachesEnd { break }
        }
        for seed in stored {
            let mail = SampleMail(from: anna, to: ben, seed: seed, length: 3000 - 16)
            guard let envelope = envelopes[try mail.id] else {
                // Its tombstone may be there, though the victim did not live to say so.
                #expect(seed % 3 == 0, "deposit \(seed) was promised and is gone")
                continue
            }
            #expect(!settled.contains(seed), "deposit \(seed) was settled and is there")
            guard case .run(let run) = envelope.place else { continue }
            let content = try await store.contents(run, of: envelope.key, skipping: 0, limit: PageLimit(count: 9))
            #expect(content.flatMap { $0 } == mail.ciphertext)
        }
        await store.close()
        #expect(try integrity(files.path) == "ok")
    }

    private func integrity(_ path: String) throws -> String {
        var handle: OpaquePointer?
        var statement: OpaquePointer?
        defer {
            sqlite3_finalize(statement)
            sqlite3_close(handle)
        }
        guard sqlite3_open(path, &handle) == SQLITE_OK,
            sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &statement, nil) == SQLITE_OK,
            sqlite3_step(statement) == SQLITE_ROW, let text = sqlite3_column_text(statement, 0)
        else { return "unreadable" }
        return String(cString: text)
    }
}
