import IBAKE
import IdentityBasedEncryption
import Mailbox
import RPC
import Synchronization
import TestCluster
import Testing

@Suite(.serialized) struct StreamTests {
    @Test func unansweredMailComesAgainInTheNextStream() async throws {
        try await TestCluster.run(fronts: 2) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            let letters = try alice.letters(3, under: session)
            for letter in letters { try await cluster.fronts[0].leave(letter) }
            let first = try await Inbox(bob, at: cluster.fronts[0])
            let mails = [try await first.nextMail(), try await first.nextMail(), try await first.nextMail()]
            #expect(mails.map(\.sequence) == [0, 1, 2])
            try await first.acknowledge(mails[1])
            try await cluster.waitUntilGone(letters[1].key)
            await first.close()
            let second = try await Inbox(bob, at: cluster.fronts[1])
            let again = try await second.take(2)
            #expect(again.map(\.sequence) == [0, 1])
            #expect(again.map(\.id) == [letters[0].id, letters[2].id])
            await second.close()
        }
    }

    @Test func mailGoesToTheLatestStreamAndNothingIsLostWhenItCloses() async throws {
        let limits = TestCluster.limits { $0.lease = .milliseconds(600) }
        try await TestCluster.run(fronts: 2, limits: limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            let letters = try alice.letters(3, under: session)
            let older = try await Inbox(bob, at: cluster.fronts[0])
            #expect(try await older.untilCaughtUp().isEmpty)
            let latest = try await Inbox(bob, at: cluster.fronts[1])
            #expect(try await latest.untilCaughtUp().isEmpty)
            try await cluster.fronts[0].leave(letters[0])
            try await cluster.fronts[0].leave(letters[1])
            #expect(try await latest.take(1).map(\.id) == [letters[0].id])
            // He goes without a word about the second.
            #expect(try await latest.nextMail().id == letters[1].id)
            try await cluster.waitUntilGone(letters[0].key)
            await latest.close()
            try await cluster.fronts[0].leave(letters[2])
            #expect(try await older.take(2).map(\.id) == [letters[1].id, letters[2].id])
            await older.close()
        }
    }

    @Test func anotherOwnerPushesAtOnceIntoAStreamThatWasIdle() async throws {
        // Longer than the test: nobody renews a route meanwhile.
        let limits = TestCluster.limits { $0.lease = .seconds(600) }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(2, under: session)
            let first = try cluster.startDelivery()
            let inbox = try await Inbox(bob, at: front)
            try await front.leave(letters[0])
            #expect(try await inbox.take(1).map(\.id) == [letters[0].id])
            try await cluster.waitUntilGone(letters[0].key)
            await first.stop()
            _ = try cluster.startDelivery()
            try await eventually("the second worker has begun") { cluster.logCount("partitions assigned") == 2 }
            try await Task.sleep(for: .milliseconds(300))
            try await front.leave(letters[1])
            #expect(try await inbox.take(1).map(\.id) == [letters[1].id])
            await inbox.close()
        }
    }

    /// A log that has just begun to read does not know yet where it ends.
    @Test func anotherOwnerSaysThatThisIsAllWhenItHasFoldedAll() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(8, under: session)
            let first = try cluster.startDelivery()
            try await front.leave(letters[0])
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.untilCaughtUp().map(\.id) == [letters[0].id])
            await first.stop()
            for letter in letters.dropFirst() { try await front.leave(letter) }
            let log = HookedLog(cluster.store.mailLog, batch: { $0.end = $0.next }) { call in
                if case .read = call { try? await Task.sleep(for: .milliseconds(50)) }
            }
            _ = try cluster.startDelivery(log: log) { $0.batch = PageLimit(count: 1) }
            #expect(try await inbox.untilCaughtUp().map(\.id) == letters.dropFirst().map(\.id))
            await inbox.close()
        }
    }

    @Test func whoDoesNotReadHoldsUpNobodyAndHisBacklogStaysInTheLog() async throws {
        let limits = TestCluster.limits { $0.inlineOctets = 0 }
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1, limits: limits) { cluster in
            let (alice, bob, carol) = (
                try cluster.person("alice"), try cluster.person("bob"), try cluster.person("carol")
            )
            let front = cluster.fronts[0]
            let read = Mutex<Set<DepositKey>>([])
            let log = HookedLog(cluster.store.mailLog) { call in
                if case .contents(let key) = call { _ = read.withLock { $0.insert(key) } }
            }
            let window = 16
            _ = try cluster.startDelivery(log: log) { $0.window = PageLimit(count: window, octets: 8 << 20) }
            let toBob = try await alice.handshake(with: bob.identity, over: front)
            let toCarol = try await alice.handshake(with: carol.identity, over: front)
            let letters = try alice.letters(300, size: 20_000, under: toBob)
            for letter in letters { try await front.leave(letter) }
            let his = try await Inbox(bob, at: front)
            let hers = try await Inbox(carol, at: front)
            for letter in try alice.letters(30, size: 20_000, under: toCarol) {
                try await front.leave(letter)
                #expect(try await hers.take(1).map(\.id) == [letter.id])
            }
            await hers.close()
            let taken = read.withLock { $0.filter { $0.mailbox == bob.identity }.count }
            #expect(taken <= window)
            #expect(try await his.take(300).map(\.id) == letters.map(\.id))
            await his.close()
        }
    }

    @Test func whoIsOnlineGetsMailWithoutASecondRead() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let reads = Mutex(0)
            let view = HookedView(cluster.store.view, pending: { _ in reads.withLock { $0 += 1 } })
            let log = HookedLog(cluster.store.mailLog) { call in
                if case .contents = call { reads.withLock { $0 += 1 } }
            }
            let delivery = try cluster.startDelivery(log: log, view: view)
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(50, under: session)
            try await front.leave(letters[0])
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.untilCaughtUp().map(\.id) == [letters[0].id])
            let before = reads.withLock { $0 }
            for letter in letters[1...] {
                try await front.leave(letter)
                #expect(try await inbox.take(1).map(\.id) == [letter.id])
            }
            #expect(reads.withLock { $0 } == before)
            let counts = delivery.worker.counts
            #expect(counts.pushedFromView == 1 && counts.pushedFromRecord == 49)
            await inbox.close()
        }
    }

    @Test func whoIsSlowerThanHisMailGetsAllOfItInOrderFromTheView() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1) { cluster in
            let (alice, bob, carol) = (
                try cluster.person("alice"), try cluster.person("bob"), try cluster.person("carol")
            )
            let front = cluster.fronts[0]
            let delivery = try cluster.startDelivery {
                $0.window = PageLimit(count: 4, octets: 8 << 20)
                $0.arrivals = PageLimit(count: 3)
            }
            let toBob = try await alice.handshake(with: bob.identity, over: front)
            let toCarol = try await alice.handshake(with: carol.identity, over: front)
            let (his, hers) = (try await Inbox(bob, at: front), try await Inbox(carol, at: front))
            #expect(try await his.untilCaughtUp().isEmpty)
            #expect(try await hers.untilCaughtUp().isEmpty)
            let letters = try alice.letters(120, size: 20_000, under: toBob)
            for (number, letter) in letters.enumerated() {
                try await front.leave(letter)
                // He falls behind and catches up in turn; she never waits for him.
                if number % 40 == 39 {
                    let mine = letters[(number - 39)...number]
                    #expect(try await his.take(40).map(\.id) == mine.map(\.id))
                } else if number % 10 == 0 {
                    let hello = try Letter([1], from: alice, under: toCarol, number: UInt32(number))
                    try await front.leave(hello)
                    #expect(try await hers.take(1).map(\.id) == [hello.id])
                }
            }
            #expect(delivery.worker.counts.pushedFromRecord > 0 && delivery.worker.counts.pushedFromView > 0)
            await his.close()
            await hers.close()
        }
    }

    @Test func mailFlowsOnWhileTheRecipientAnswersInAnyOrder() async throws {
        try await TestCluster.run { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let inbox = try await Inbox(bob, at: front)
            let letters = try alice.letters(200, under: session)
            async let left: Void = { for letter in letters { try await front.leave(letter) } }()
            var mails: [Inbox.Mail] = []
            while mails.count < letters.count {
                mails.append(try await inbox.nextMail())
                if mails.count % 4 == 0 {
                    for mail in mails.suffix(4).reversed() { try await inbox.acknowledge(mail) }
                }
            }
            try await left
            #expect(mails.map(\.id) == letters.map(\.id))
            for letter in letters { try await cluster.waitUntilGone(letter.key) }
            await inbox.close()
        }
    }
}
