import EmbeddedStore
import Foundation
import IdentityBasedEncryption
import Mailbox
import Primitives
import RedisStore
import StoreBehaviour
import TestVectors
import Testing

/// The real fold over generated records makes in Redis the view that it makes in the embedded store.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is missing: apt install redis-server"))
struct FoldTests {
    let now = UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))

    @Test func bothViewsOfOneLogAreEqual() async throws {
        let world = try World(now: now)
        let server = try RedisServer()
        let redis = try server.store()
        // Redis is wiped once, and once loses one key, in the middle.
        for round in 0..<4 {
            try await world.append(1000, round: round)
            try await world.fold(world.embedded)
            if round == 1 { try server.cli("FLUSHALL") }
            if round == 2 { try server.cli("DEL", "poste:{0}:envelopes") }
            try await world.fold(redis)
        }
        // What folding appended itself.
        try await world.fold(world.embedded)
        try await world.fold(redis)
        let (left, right) = (try await world.picture(of: world.embedded), try await world.picture(of: redis))
        #expect(left.deposits.count > 300)
        #expect(left.deposits == right.deposits)
        #expect(left.usage == right.usage)
        #expect(left.routes == right.routes)
        #expect(left.presence == right.presence)
        #expect(left.reachable == right.reachable)
        #expect(left.due == right.due)
        #expect(!left.routes.isEmpty && !left.presence.isEmpty && !left.reachable.isEmpty && !left.due.isEmpty)
        for partition in 0..<2 {
            #expect(try await redis.position(of: partition)?.next == world.embedded.position(of: partition)?.next)
        }
        await redis.close()
        await world.embedded.close()
    }
}

/// A log of generated records, and what views of it say.
private final class World {
    struct Picture {
        var deposits: [PendingDeposit] = []
        var usage: [MailboxUsage] = []
        var routes: [Route] = []
        var presence: [Presence] = []
        var reachable: Set<Identity> = []
        var due: Set<KnownDeposit> = []
    }

    let embedded: EmbeddedStore
    private let folder: URL
    private let now: UTCTime
    private let people: [Identity]
    private var random = SeededGenerator(seed: 5)
    private var sent: [Envelope] = []

    init(now: UTCTime) throws {
        self.now = now
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-fold-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        embedded = try EmbeddedStore(
            .init(path: folder.appendingPathComponent("db").path, partitionCount: 2) { now })
        people = try (0..<12).map { try person("p\($0)") }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func append(_ count: Int, round: Int) async throws {
        var envelopes: [Int: [LogRecord]] = [:]
        var presence: [Int: [LogRecord]] = [:]
        for index in 0..<count {
            let mailbox = people[Int.random(in: 0..<people.count, using: &random)]
            let home = Partitioner.partition(of: mailbox, count: 2)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let mail = SampleMail(
                    from: people[index % 3], to: mailbox, seed: UInt64(Int.random(in: 0..<3000, using: &random)),
                    length: Int.random(in: 1...900, using: &random), lifetime: [60, 3600, 86_400][index % 3],
                    wantsReceipt: index % 2 == 0)
                let envelope = try mail.envelope(receivedAt: now.advanced(byMilliseconds: Int64(index)))
                sent.append(envelope)
                envelopes[home, default: []].append(EnvelopeRecord.envelope(envelope).record)
            case 5..<8:
                guard let over = sent.randomElement(using: &random) else { continue }
                let tombstone = Tombstone(
                    key: over.key, reason: index % 5 == 0 ? .expired : .acknowledged,
                    at: now.advanced(byMilliseconds: 60_000))
                envelopes[Partitioner.partition(of: over.mailbox, count: 2), default: []]
                    .append(EnvelopeRecord.tombstone(tombstone).record)
            case 8:
                let event = try PresenceEvent(
                    entity: mailbox, isOpen: index % 3 != 0, contact: index % 2 == 0 ? "192.0.2.1:5150" : nil,
                    timestamp: now.advanced(byMilliseconds: Int64(round * 1000 + index)))
                presence[home, default: []].append(PresenceRecord.event(event).record)
            default:
                let stream = try StreamID(octets: [UInt8(index % 200)])
                let opened = RouteRenewal.Stream(
                    entity: mailbox, stream: stream, openedAt: now.advanced(byMilliseconds: Int64(index)))
                let renewal = RouteRenewal(
                    front: "10.0.0.\(index % 4):7443", leaseMs: 600_000, open: index % 4 == 0 ? [] : [opened],
                    closed: index % 4 == 0 ? [RouteRenewal.Closed(entity: mailbox, stream: stream)] : [])
                presence[home, default: []].append(PresenceRecord.routes(renewal).record)
            }
        }
        for (partition, records) in envelopes {
            _ = try await embedded.append(records, to: .envelopes, partition: partition)
        }
        for (partition, records) in presence {
            _ = try await embedded.append(records, to: .presence, partition: partition)
        }
    }

    func fold(_ view: some MailboxView) async throws {
        for partition in 0..<2 { try await foldToEnd(embedded, view, partition: partition, now: now) }
    }

    func picture(of view: some MailboxView) async throws -> Picture {
        var picture = Picture()
        for mailbox in people {
            let home = Partitioner.partition(of: mailbox, count: 2)
            var after: UInt64?
            while true {
                let page = try await view.pending(
                    in: mailbox, partition: home, after: after, limit: PageLimit(count: 30, octets: 20_000)
                ).deposits
                guard let last = page.last else { break }
                picture.deposits += page
                after = last.offset
            }
            picture.usage.append(try await view.usage(of: mailbox, partition: home))
            picture.routes += try await view.routes(to: mailbox, partition: home, now: now)
            if let presence = try await view.presence(of: mailbox, partition: home, now: now) {
                picture.presence.append(presence)
            }
        }
        for partition in 0..<2 {
            picture.reachable.formUnion(
                try await view.reachable(in: partition, after: nil, now: now, limit: 100))
            let end = now.advanced(byMilliseconds: 3_700_000)
            picture.due.formUnion(try await view.due(in: partition, by: end, limit: 10_000))
        }
        return picture
    }
}
