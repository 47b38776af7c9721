import IdentityBasedEncryption
import Mailbox
import Primitives
import StoreBehaviour
import TestCluster
import TestStore
import Testing

/// What cannot be processed stops nothing, and is set aside once.
@Suite(.serialized) struct PoisonTests {
    private let partitions = 2

    /// The dead letters in the topic, garbage aside: as often as they are there.
    private func letters(_ cluster: TestCluster, _ partition: Int) async throws -> [DeadLetter] {
        try await cluster.store.mailLog.deadLetters(
            of: partition, from: 0, limit: PageLimit(count: 10_000, octets: 1 << 30)
        ).compactMap { try? DeadLetter($0.record) }
    }

    @Test(arguments: [1, 2]) func everyKindOfPoisonIsSetAsideOnceWhileMailFlows(workers: Int) async throws {
        try await TestCluster.run(deliveryWorkers: workers, partitions: partitions) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let home = Partitioner.partition(of: bob.identity, count: partitions)
            let session = try await alice.handshake(with: bob.identity, over: front)
            let inbox = try await Inbox(bob, at: front)
            // Brokers take no record without a key into a compacted topic.
            let poisons = try Poison.all(for: home, of: partitions, near: cluster.clock.now)
                .filter { !TestStore.isOnServers || $0.topic != .envelopes || $0.record.key != nil }
            var expected: [DeadLetter.Place: Poison] = [:]
            for (number, poison) in poisons.enumerated() {
                let offset = try await cluster.store.mailLog.append([poison.record], to: poison.topic, partition: home)[0]
                if poison.fate == .deadLetter {
                    let place = DeadLetter(
                        StoredRecord(
                            topic: poison.topic, offset: offset, time: UTCTime(milliseconds: 0), record: poison.record),
                        partition: home, fault: ""
                    ).place
                    expected[place] = poison
                }
                guard number % 5 == 0 else { continue }
                let letter = try Letter([UInt8(number)], from: alice, under: session, number: UInt32(number))
                try await front.leave(letter)
                #expect(try await inbox.take(1).map(\.id) == [letter.id], "mail goes on after \(poison.name)")
                try await cluster.waitUntilGone(letter.key)
            }
            try await eventually("all is set aside") {
                try await letters(cluster, home).count >= expected.count
            }
            let found = try await letters(cluster, home)
            #expect(found.count == expected.count, "each once, with \(workers) workers")
            for letter in found {
                let timeless = DeadLetter(
                    StoredRecord(
                        topic: letter.stored.topic, offset: letter.stored.offset, time: UTCTime(milliseconds: 0),
                        record: letter.stored.record), partition: home, fault: ""
                ).place
                let poison = expected.removeValue(forKey: timeless)
                #expect(poison != nil && !letter.fault.isEmpty)
                if letter.cutFrom == nil { #expect(letter.stored.record == poison?.record) }
            }
            #expect(expected.isEmpty, "\(expected.values.map(\.name))")
            #expect(cluster.logCount("store unavailable") == 0)
            try await aRebuiltViewSetsNothingAsideAgain(cluster, home, found.count)
            await inbox.close()
        }
    }

    private func aRebuiltViewSetsNothingAsideAgain(
        _ cluster: TestCluster, _ partition: Int, _ count: Int
    ) async throws {
        let store = cluster.store
        try await eventually("the view is discarded") {
            try await store.view.discard(partition: partition, at: try await store.view.position(of: partition))
        }
        let end = try await store.mailLog.bounds(of: partition).end
        try await eventually("the view is folded again") {
            try await store.view.position(of: partition).map { !end.isBeyond($0.next) } ?? false
        }
        #expect(try await letters(cluster, partition).count == count)
    }

    @Test func contentThatIsNowhereHoldsUpNothingElse() async throws {
        try await TestCluster.run(partitions: partitions) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let home = Partitioner.partition(of: bob.identity, count: partitions)
            let lost = try SampleMail(from: alice.identity, to: bob.identity, seed: 1).envelope(
                receivedAt: cluster.clock.now, run: ContentRun(partition: home, offsets: [1 << 30]))
            try await cluster.store.mailLog.append(lost)
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letter = try Letter([1], from: alice, under: session)
            try await front.leave(letter)
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.take(1).map(\.id) == [letter.id])
            await inbox.close()
        }
    }
}
