import EmbeddedStore
import Foundation
import IdentityBasedEncryption
import KafkaLog
import Mailbox
import Primitives
import StoreBehaviour
import Testing

/// What a view costs that is folded from nothing.
@Suite(.enabled(if: TestKafka.hasTools)) struct RebuildTests {
    private static let now = UTCTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000))

    @Test(.timeLimit(.minutes(3))) func aFoldFromNothingReadsWhatWaitsAndNotWhatWas() async throws {
        let configuration = try await TestKafka.shared.value.configuration()
        let log = try await open(
            configuration,
            TopicPlan(
                partitions: 1, replicas: 1, minInSync: 1, compactionLagMs: 1000, tombstonesKeptMs: 1000))
        let (anna, ben) = (try Identity("sip:anna@post.example"), try Identity("sip:ben@post.example"))
        let mail = try (0..<4000).map {
            try SampleMail(from: anna, to: ben, seed: $0, lifetime: 86_400).envelope(receivedAt: Self.now)
        }
        // Of two hundred one waits; the rest was delivered.
        let waiting = mail.enumerated().filter { $0.offset % 200 == 7 }.map(\.element)
        let kept = Set(waiting.map(\.id))
        _ = try await log.append(mail.map { EnvelopeRecord.envelope($0).record }, to: .envelopes, partition: 0)
        let tombstones = mail.filter { !kept.contains($0.id) }.map {
            EnvelopeRecord.tombstone(Tombstone(key: $0.key, reason: .acknowledged, at: Self.now)).record
        }
        _ = try await log.append(tombstones, to: .envelopes, partition: 0)
        #expect(try await log.all(0).count == mail.count + tombstones.count + 1, "the name of the log, too")
        var count = Int.max
        for _ in 0..<60 where count > waiting.count * 3 {
            try await Task.sleep(for: .seconds(1))
            try await log.tick(partition: 0)
            count = try await log.all(0).count
        }
        print("rebuild: \(mail.count) deposits of which \(waiting.count) wait are \(count) records")
        #expect(count <= waiting.count * 3, "compaction leaves what waits, ticks and the name")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-rebuild-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let view = try EmbeddedStore(
            .init(path: folder.appendingPathComponent("view.sqlite").path, partitionCount: 1) { Self.now })
        try await foldToEnd(log, view, partition: 0, now: Self.now)
        let found = try await view.pending(
            in: ben, partition: 0, after: nil, limit: PageLimit(count: 10_000, octets: 1 << 30))
        #expect(found.deposits.map(\.envelope) == waiting, "and a view folded from it is whole and in order")
        await view.close()
        await log.close()
    }
}
