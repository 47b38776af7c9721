import IdentityBasedEncryption
import Mailbox
import RPC
import TestCluster
import TestStore
import Testing

@Suite(.serialized) struct ExpiryTests {
    @Test func lifetimeEndsOnceAndSilently() async throws {
        try await TestCluster.run { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let short = try Letter([1], from: alice, under: session) {
                $0.lifetime = 100
                $0.wantsReceipt = true
            }
            let long = try Letter([2], from: alice, under: session, number: 1) { $0.lifetime = 10_000 }
            for letter in [short, long] {
                try await front.leave(letter)
                try await cluster.waitFor(letter.key)
            }
            cluster.clock.advance(seconds: 101)
            try await cluster.waitUntilGone(short.key)
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.take(1).map(\.id) == [long.id])
            await inbox.close()
            try await cluster.waitUntilGone(long.key)
            let reasons = try await cluster.tombstones(of: bob.identity)
            #expect(Set(reasons.filter { $0.key == short.key }.map(\.reason)) == [.expired])
            #expect(reasons.filter { $0.key == long.key }.map(\.reason) == [.acknowledged])
            // Nobody is told: a receipt is for what was acknowledged.
            let hers = try await Inbox(alice, at: front)
            #expect(try await hers.next().isCaughtUp)
            await hers.close()
        }
    }

    @Test func expiredMailIsNotGivenOutThoughTheLogDoesNotSaySoYet() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            _ = try cluster.startDelivery { $0.expiryInterval = .seconds(3600) }
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = [
                try Letter([1], from: alice, under: session) { $0.lifetime = 100 },
                try Letter([2], from: alice, under: session, number: 1),
            ]
            for letter in letters {
                try await front.leave(letter)
                try await cluster.waitFor(letter.key)
            }
            cluster.clock.advance(seconds: 101)
            // Its id is free only when the log says so.
            let again = try Letter([3], from: alice, under: session, number: 2) { $0.id = letters[0].id }
            #expect(try await status { try await front.leave(again) }?.code == .alreadyExists)
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.untilCaughtUp().map(\.id) == [letters[1].id])
            await inbox.close()
        }
    }

    @Test(.enabled(if: !TestStore.isOnServers, "the files are the servers'"))
    func keyOfSettledMailIsErasedFromTheFiles() async throws {
        let limits = TestCluster.limits { $0.inlineOctets = 1000 }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            _ = try cluster.startDelivery { $0.compactionLagMs = 10_000 }
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = [
                try Letter([UInt8](repeating: 1, count: 100), from: alice, under: session),
                try Letter([UInt8](repeating: 1, count: 10_000), from: alice, under: session, number: 1),
            ]
            for letter in letters { try await front.leave(letter) }
            #expect(try letters.allSatisfy { try cluster.store.filesHold($0.header.octets) })
            let inbox = try await Inbox(bob, at: front)
            _ = try await inbox.take(2)
            await inbox.close()
            for letter in letters { try await cluster.waitUntilGone(letter.key) }
            cluster.clock.advance(seconds: 11)
            let esk = try #require(session.secretKey).esk
            try await eventually("the partition has its tick") {
                try await cluster.records(ofPartitionOf: bob.identity).contains {
                    (try? EnvelopeRecord($0.record)) == .tick
                }
            }
            try await eventually("the files hold no trace") {
                try !cluster.store.filesHold(esk) && letters.allSatisfy { try !cluster.store.filesHold($0.header.octets) }
            }
        }
    }
}

extension TestCluster {
    /// The tombstones in the partition of a mailbox.
    func tombstones(of mailbox: Identity) async throws -> [Tombstone] {
        try await records(ofPartitionOf: mailbox).compactMap {
            guard $0.topic == .envelopes, case .tombstone(let tombstone) = try EnvelopeRecord($0.record) else {
                return nil
            }
            return tombstone
        }
    }
}

extension Inbox.Event? {
    var isCaughtUp: Bool {
        if case .caughtUp = self { true } else { false }
    }
}
