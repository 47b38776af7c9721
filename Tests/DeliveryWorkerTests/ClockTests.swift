import IdentityBasedEncryption
import Mailbox
import Synchronization
import TestCluster
import Testing

/// Clocks that are minutes apart, and pushes that fail, keep nobody from his mail.
@Suite(.serialized) struct ClockTests {
    @Test(arguments: [-300, 300] as [Int64]) func aWorkerWhoseClockIsWrongByMinutesPushesAllTheSame(seconds: Int64) async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let clock = cluster.clock
            _ = try cluster.startDelivery { $0.now = { clock.now.advanced(byMilliseconds: seconds * 1000) } }
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let inbox = try await Inbox(bob, at: front)
            let letters = try alice.letters(3, under: session)
            for letter in letters { try await front.leave(letter) }
            #expect(try await inbox.take(3).map(\.id) == letters.map(\.id))
            await inbox.close()
        }
    }

    @Test func aStreamThatSeemsToBeTheLatestAndIsGoneHoldsNobodyUp() async throws {
        try await TestCluster.run(fronts: 2) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            // Of a front whose clock was ahead and that is dead, and of one that does not hold the stream any more.
            let later = cluster.clock.now.advanced(byMilliseconds: 300_000)
            for (address, name) in [("127.0.0.1:1", [1] as [UInt8]), ("127.0.0.1:\(cluster.fronts[1].worker.pushPort)", [2])] {
                let stream = RouteRenewal.Stream(entity: bob.identity, stream: try StreamID(octets: name), openedAt: later)
                try await cluster.store.mailLog.append(RouteRenewal(front: address, leaseMs: 600_000, open: [stream]))
            }
            let session = try await alice.handshake(with: bob.identity, over: front)
            let inbox = try await Inbox(bob, at: front)
            let letters = try alice.letters(3, under: session)
            for letter in letters { try await front.leave(letter) }
            #expect(try await inbox.take(3).map(\.id) == letters.map(\.id))
            await inbox.close()
        }
    }

    @Test func aPushThatFailedIsTriedAgainBeforeTheRouteIsRenewed() async throws {
        let limits = TestCluster.limits {
            $0.inlineOctets = 0
            $0.lease = .seconds(120)
        }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let failures = Mutex(3)
            let log = HookedLog(cluster.store.mailLog) { call throws(StoreError) in
                guard case .contents = call else { return }
                let fails = failures.withLock { left in
                    left -= 1
                    return left >= 0
                }
                if fails { throw StoreError(.unavailable, "a broker is away") }
            }
            _ = try cluster.startDelivery(log: log)
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let inbox = try await Inbox(bob, at: front)
            let letters = try alice.letters(3, under: session)
            for letter in letters { try await front.leave(letter) }
            let begun = ContinuousClock.now
            #expect(try await inbox.take(3).map(\.id) == letters.map(\.id))
            #expect(failures.withLock { $0 } < 0)
            #expect(ContinuousClock.now - begun < .seconds(20))
            await inbox.close()
        }
    }
}
