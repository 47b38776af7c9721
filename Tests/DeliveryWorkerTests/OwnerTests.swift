import IdentityBasedEncryption
import Mailbox
import Primitives
import RPC
import Synchronization
import TestCluster
import TestStore
import Testing

@Suite(.serialized) struct OwnerTests {
    @Test func workerThatStartsLateFindsRecipientAndMail() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(3, under: session)
            let inbox = try await Inbox(bob, at: front)
            for letter in letters { try await front.leave(letter) }
            let first = try cluster.startDelivery()
            #expect(try await inbox.take(3).map(\.id) == letters.map(\.id))
            for letter in letters { try await cluster.waitUntilGone(letter.key) }
            // The next finds an empty mailbox with a route that another worker folded.
            await first.stop()
            _ = try cluster.startDelivery()
            let more = try Letter([9], from: alice, under: session, number: 3)
            try await front.leave(more)
            #expect(try await inbox.take(1).map(\.id) == [more.id])
            await inbox.close()
        }
    }

    @Test func twoOwnersDeliverEachDepositOnceInOrder() async throws {
        try await TestCluster.run(fronts: 2, deliveryWorkers: 0, partitions: 1) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let fronts = cluster.fronts
            let session = try await alice.handshake(with: bob.identity, over: fronts[0])
            let letters = try alice.letters(40, size: 40_000, under: session)
            let workers = try (0..<2).map { _ in
                try cluster.startDelivery { $0.window = PageLimit(count: 2, octets: 8 << 20) }
            }
            let inbox = try await Inbox(bob, at: fronts[1])
            async let left: Void = { for letter in letters.prefix(30) { try await fronts[0].leave(letter) } }()
            #expect(try await inbox.take(30).map(\.id) == letters.prefix(30).map(\.id))
            try await left
            // Whichever goes, the other delivers what comes then.
            await workers[0].stop()
            for letter in letters[30..<35] { try await fronts[0].leave(letter) }
            #expect(try await inbox.take(5).map(\.id) == letters[30..<35].map(\.id))
            _ = try cluster.startDelivery { $0.window = PageLimit(count: 2, octets: 8 << 20) }
            await workers[1].stop()
            for letter in letters[35...] { try await fronts[0].leave(letter) }
            #expect(try await inbox.take(5).map(\.id) == letters[35...].map(\.id))
            await inbox.close()
        }
    }

    // Brokers give a partition to one of the two; a store in one process gives it to both.
    @Test(.enabled(if: !TestStore.isOnServers, "brokers give a partition to one worker"))
    func ownerThatMissedWhatAnotherSettledGoesOnPushing() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(8, under: session)
            let isBlind = Mutex(false)
            // Its window is full; then it cannot read while another worker sees all of it settled.
            let log = HookedLog(cluster.store.mailLog) { call throws(StoreError) in
                if case .read = call, isBlind.withLock({ $0 }) { throw StoreError(.unavailable, "blind") }
            }
            _ = try cluster.startDelivery(log: log) { $0.window = PageLimit(count: 2, octets: 8 << 20) }
            let inbox = try await Inbox(bob, at: front)
            for letter in letters.prefix(2) { try await front.leave(letter) }
            var mails = [try await inbox.nextMail(), try await inbox.nextMail()]
            isBlind.withLock { $0 = true }
            try await eventually("it has seen nothing") { cluster.logCount("store unavailable") > 0 }
            let other = try cluster.startDelivery { $0.window = PageLimit(count: 100, octets: 8 << 20) }
            for letter in letters[2..<6] { try await front.leave(letter) }
            for _ in 0..<4 { mails.append(try await inbox.nextMail()) }
            for mail in mails.dropFirst(2) { try await inbox.acknowledge(mail) }
            for letter in letters[2..<6] { try await cluster.waitUntilGone(letter.key) }
            await other.stop()
            isBlind.withLock { $0 = false }
            for letter in letters[6...] { try await front.leave(letter) }
            try await inbox.acknowledge(mails[0])
            try await inbox.acknowledge(mails[1])
            #expect(try await inbox.take(2).map(\.id) == letters[6...].map(\.id))
            await inbox.close()
        }
    }

    /// A later stream of somebody, held by a front that is there no more.
    private func addRoute(to front: String, for person: Person, _ cluster: TestCluster) async throws {
        let stream = RouteRenewal.Stream(
            entity: person.identity, stream: try StreamID(octets: [1]),
            openedAt: cluster.clock.now.advanced(byMilliseconds: 1000))
        try await cluster.store.mailLog.append(
            RouteRenewal(front: front, leaseMs: 3_600_000, open: [stream]))
    }

    @Test func deadFrontsStreamDoesNotHideAnOlderOneThatLives() async throws {
        try await TestCluster.run { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(2, under: session)
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.untilCaughtUp().isEmpty)
            try await addRoute(to: "127.0.0.1:1", for: bob, cluster)
            try await eventually("the push to it has failed") {
                cluster.logCount("front=127.0.0.1:1 status=\"UNAVAILABLE") > 0
            }
            let start = ContinuousClock.now
            for letter in letters {
                try await front.leave(letter)
                #expect(try await inbox.take(1).map(\.id) == [letter.id])
            }
            #expect(.now - start < .seconds(5))
            // It is not tried again for each renewal of the other's lease.
            try await Task.sleep(for: .seconds(3))
            #expect(cluster.logCount("front=127.0.0.1:1 status=\"UNAVAILABLE") <= 2)
            await inbox.close()
        }
    }

    @Test func frontThatTakesConnectionsAndNoPushIsPassedOver() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            _ = try cluster.startDelivery { $0.pushPatience = .milliseconds(300) }
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letter = try Letter([1], from: alice, under: session)
            let frozen = try FakeFront(takesPushes: false)
            let inbox = try await Inbox(bob, at: front)
            try await addRoute(to: frozen.address, for: bob, cluster)
            try await front.leave(letter)
            let start = ContinuousClock.now
            #expect(try await inbox.take(1).map(\.id) == [letter.id])
            #expect(.now - start < .seconds(5))
            await inbox.close()
            await frozen.stop()
        }
    }

    @Test func pushThatFailsIsBegunAgainBeforeTheNextRenewal() async throws {
        let limits = TestCluster.limits { $0.lease = .seconds(3600) }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let faults = Mutex(0)
            let log = HookedLog(cluster.store.mailLog) { call throws(StoreError) in
                if case .contents = call, faults.withLock({ $0 -= 1; return $0 >= 0 }) {
                    throw StoreError(.unavailable, "for a moment")
                }
            }
            _ = try cluster.startDelivery(log: log)
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(2, size: 100_000, under: session)
            let inbox = try await Inbox(bob, at: front)
            for letter in letters {
                faults.withLock { $0 = 3 }
                try await front.leave(letter)
                let start = ContinuousClock.now
                #expect(try await inbox.take(1).map(\.id) == [letter.id])
                #expect(.now - start < .seconds(5))
            }
            await inbox.close()
        }
    }

    @Test func storeThatIsAwayForAWhileCostsNothing() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(20, under: session)
            let isAway = Mutex(true)
            let fault: @Sendable () throws(StoreError) -> Void = { () throws(StoreError) in
                if isAway.withLock({ $0 }) { throw StoreError(.locked, "busy") }
            }
            _ = try cluster.startDelivery(
                log: HookedLog(cluster.store.mailLog) { _ throws(StoreError) in try fault() },
                view: HookedView(cluster.store.view) { _ throws(StoreError) in try fault() })
            let inbox = try await Inbox(bob, at: front)
            for half in [letters.prefix(10), letters.suffix(10)] {
                let seen = cluster.logCount("store unavailable")
                isAway.withLock { $0 = true }
                for letter in half { try await front.leave(letter) }
                try await eventually("the worker has met it") { cluster.logCount("store unavailable") > seen }
                isAway.withLock { $0 = false }
                #expect(try await inbox.take(10).map(\.id) == half.map(\.id))
                for letter in half { try await cluster.waitUntilGone(letter.key) }
            }
            await inbox.close()
        }
    }

    @Test func damagedPartitionEndsTheWorker() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 4) { cluster in
            let view = HookedView(cluster.store.view) { partition throws(StoreError) in
                if partition == 2 { throw StoreError(.corrupt, "damaged") }
            }
            let worker = try cluster.startDelivery(view: view)
            #expect((await worker.end as? StoreError)?.kind == .corrupt)
        }
    }

    @Test func lostContentHoldsUpNothingElse() async throws {
        let limits = TestCluster.limits { $0.inlineOctets = 1000 }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(5, size: 10_000, under: session)
            for letter in letters { try await front.leave(letter) }
            let lost = letters[2].key
            _ = try cluster.startDelivery(
                log: HookedLog(cluster.store.mailLog) { call throws(StoreError) in
                    if case .contents(lost) = call { throw StoreError(.gone, "lost") }
                })
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.take(4).map(\.id) == [0, 1, 3, 4].map { letters[$0].id })
            #expect(cluster.logCount("content lost") > 0)
            let more = try Letter([9], from: alice, under: session, number: 5)
            try await front.leave(more)
            #expect(try await inbox.take(1).map(\.id) == [more.id])
            await inbox.close()
        }
    }
}
