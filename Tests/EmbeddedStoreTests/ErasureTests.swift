import EmbeddedStore
import Foundation
import Mailbox
import Primitives
import StoreBehaviour
import Testing

/// After the acknowledgement and a compaction the key and the content of a deposit are nowhere in the store's files.
struct ErasureTests {
    @Test(arguments: [Tombstone.Reason.acknowledged, .refused])
    func settledDepositIsErased(reason: Tombstone.Reason) async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        let ben = try person("ben")
        let partition = Partitioner.partition(of: ben, count: store.partitionCount)
        let now = TemporaryStore.clock()
        let (small, large) = (
            SampleMail(from: try person("anna"), to: ben, seed: 1),
            SampleMail(from: try person("anna"), to: ben, seed: 2, length: 40_000)
        )
        let kept = SampleMail(from: try person("anna"), to: ben, seed: 3)
        let offsets = try await store.append(contents: [large.ciphertext], of: large.key)
        let run = try ContentRun(partition: partition, offsets: offsets)
        try await store.append(try small.envelope(receivedAt: now))
        try await store.append(try large.envelope(receivedAt: now, run: run))
        try await store.append(try kept.envelope(receivedAt: now))
        try await foldToEnd(store, store, partition: partition, now: now)
        let secrets = [
            small.encryptedKey, large.encryptedKey, small.ciphertext, Array(large.ciphertext[20_000..<20_100]),
        ]
        for secret in secrets { #expect(try files.contains(Array(secret.prefix(64)))) }
        for mail in [small, large] { try await store.append([Tombstone(key: mail.key, reason: reason, at: now)]) }
        try await foldToEnd(store, store, partition: partition, now: now)
        #expect(try await store.compact())
        for secret in secrets {
            for start in stride(from: 0, to: secret.count - 15, by: 16) {
                #expect(try !files.contains(Array(secret[start..<start + 16])))
            }
        }
        #expect(try files.contains(kept.encryptedKey))
        await #expect(throws: StoreError.self) {
            _ = try await store.contents(run, of: large.key, skipping: 0, limit: PageLimit(count: 1))
        }
        await store.close()
    }

    @Test func anExpiryErasesOnlyWhatHadExpired() async throws {
        let files = try TemporaryStore()
        let store = try files.open()
        let mail = SampleMail(from: try person("anna"), to: try person("ben"), seed: 1, lifetime: 60)
        let partition = store.partition(of: try mail.key)
        let now = TemporaryStore.clock()
        try await store.append(try mail.envelope(receivedAt: now))
        try await store.append([Tombstone(key: try mail.key, reason: .expired, at: now)])
        var batch = try await store.read(
            partition: partition, from: LogPosition(), limit: PageLimit(count: 9), waitingUpTo: .zero)
        #expect(batch.records.count == 2)
        try await store.append(
            [Tombstone(key: try mail.key, reason: .expired, at: now.advanced(byMilliseconds: 60_000))])
        batch = try await store.read(
            partition: partition, from: LogPosition(), limit: PageLimit(count: 9), waitingUpTo: .zero)
        #expect(batch.records.map(\.offset) == [1, 2])
        await store.close()
    }

    @Test func whatIsPastItsTimeIsForgotten() async throws {
        let files = try TemporaryStore()
        let mail = SampleMail(from: try person("anna"), to: try person("ben"), seed: 1)
        let key = try mail.key
        let early = try files.open { UTCTime(milliseconds: 1_796_117_402_000) }
        let partition = early.partition(of: key)
        let offsets = try await early.append(contents: [[1, 2, 3]], of: key)
        try await early.append([Tombstone(key: key, reason: .refused, at: UTCTime(milliseconds: 1))])
        try await early.append(try PresenceEvent(entity: mail.recipient, isOpen: true))
        await early.close()
        let late = try files.open { UTCTime(milliseconds: 1_796_117_402_000 + 40 * 86_400_000) }
        #expect(try await late.compact())
        let batch = try await late.read(
            partition: partition, from: LogPosition(), limit: PageLimit(count: 9), waitingUpTo: .zero)
        #expect(batch.records.isEmpty)
        #expect(batch.next == LogPosition(envelopes: 1, presence: 1))
        let run = try ContentRun(partition: partition, offsets: offsets)
        await #expect(throws: StoreError.self) {
            _ = try await late.contents(run, of: key, skipping: 0, limit: PageLimit(count: 1))
        }
        await late.close()
    }
}
