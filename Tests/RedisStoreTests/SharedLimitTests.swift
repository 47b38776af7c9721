import FrontWorker
import IBAKE
import Mailbox
import MailboxAPI
import Primitives
import RPC
import RedisStore
import TestCluster
import Testing

/// Rates and quotas of two fronts that share a real Redis.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is missing: apt install redis-server"), .serialized)
struct SharedLimitTests {
    /// Two fronts, each with connections of its own, and delivery workers; view and sessions in Redis.
    private func sharing(
        deliveryWorkers: Int = 1, _ change: (inout FrontLimits) -> Void,
        _ body: (TestCluster, [TestFront], RedisStore) async throws -> Void
    ) async throws {
        let server = try RedisServer()
        let stores = try (0..<3).map { _ in try server.store() }
        try await TestCluster.run(fronts: 0, deliveryWorkers: 0) { cluster in
            var fronts: [TestFront] = []
            for store in stores.prefix(2) {
                fronts.append(
                    try await cluster.startFront(TestCluster.limits(change), sessions: store, view: store))
            }
            for _ in 0..<deliveryWorkers { _ = try cluster.startDelivery(view: stores[2]) }
            try await body(cluster, fronts, stores[2])
        }
        for store in stores { await store.close() }
    }

    /// How many of these calls, all made at once, were taken; those that were not are over a limit, and hear when to come
    /// back.
    private func taken(_ calls: [@Sendable () async throws -> Void]) async throws -> Int {
        try await withThrowingTaskGroup(of: RPCStatus?.self) { group in
            for call in calls { group.addTask { try await status(call) } }
            var taken = 0
            for try await refusal in group {
                if refusal == nil { taken += 1 }
                #expect(refusal == nil || refusal?.code == .resourceExhausted)
                #expect(refusal == nil || (1...60_000).contains(refusal?.retryAfterMs ?? 0))
            }
            return taken
        }
    }

    @Test func rateOfASourceHoldsAcrossFronts() async throws {
        try await sharing(deliveryWorkers: 0) {
            $0.exchangesPerSourceAndMinute = 7
        } _: { cluster, fronts, _ in
            let bob = try cluster.person("bob").identity
            let begin = { @Sendable (number: Int) in
                _ = try await fronts[number % 2].exchange(cluster.person("alice\(number)").begin(bob).iMessage1)
            }
            #expect(try await taken((0..<20).map { number in { try await begin(number) } }) == 7)
            cluster.clock.advance(seconds: 60)
            #expect(try await taken((20..<30).map { number in { try await begin(number) } }) == 7)
        }
    }

    @Test func rateOfASenderHoldsAcrossFrontsAndExchanges() async throws {
        try await sharing {
            $0.exchangesPerInitiatorAndMinute = 2
            $0.depositsPerSenderAndMinute = 6
        } _: { cluster, fronts, _ in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let sessions = [
                try await alice.handshake(with: bob.identity, over: fronts[0], fronts[1]),
                try await alice.handshake(with: bob.identity, over: fronts[1], fronts[0]),
            ]
            for front in fronts {
                let refusal = try await status { try await front.exchange(alice.begin(bob.identity).iMessage1) }
                #expect(refusal?.code == .resourceExhausted)
            }
            let letters = try (0..<15).map { try Letter([1], from: alice, under: sessions[$0 % 2]) }
            let calls = letters.indices.map { number in
                { @Sendable in
                    let receipt = try await fronts[number / 2 % 2].leave(letters[number])
                    #expect(letters[number].isConfirmed(by: receipt))
                }
            }
            #expect(try await taken(calls) == 6)
            // Others are not concerned.
            let carol = try cluster.person("carol")
            let session = try await carol.handshake(with: bob.identity, over: fronts[0])
            #expect(try await taken([{ try await fronts[1].leave(Letter([1], from: carol, under: session)) }]) == 1)
            // A wrong tag counts for nobody.
            cluster.clock.advance(seconds: 60)
            var forged = letters[0]
            forged.opening.tag[0] ^= 1
            for _ in 0..<10 {
                #expect(try await status { try await fronts[0].leave(forged) }?.code == .permissionDenied)
            }
            #expect(try await taken(calls) == 6)
        }
    }

    @Test(arguments: [true, false]) func quotaOfAMailboxHoldsAcrossFronts(isOfOctets: Bool) async throws {
        let size = 1000
        let quota = isOfOctets ? Quota(count: 100, octets: UInt64(5 * (size + 16))) : Quota(count: 5, octets: 1 << 30)
        try await sharing {
            $0.deposits.quota = quota
        } _: { cluster, fronts, view in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: fronts[0])
            var stored: Set<DepositID> = []
            for number in 0..<10 {
                let letter = try Letter([UInt8](repeating: 1, count: size), from: alice, under: session)
                let front = fronts[number % 2]
                let refusal = try await status { try await front.leave(letter) }
                #expect((refusal == nil) == (number < 5))
                if let refusal {
                    #expect(refusal.code == .resourceExhausted && refusal.message.contains("QUOTA_EXCEEDED"))
                    continue
                }
                stored.insert(letter.id)
                try await fold(letter, into: view)
            }
            // What has its receipt gets it again, full or not; and who has taken one has room for one.
            let inbox = try await Inbox(bob, at: fronts[1])
            let mail = try await inbox.nextMail()
            try await inbox.acknowledge(mail)
            try await eventually("there is room") { try await usage(of: bob, in: view).count == 4 }
            let another = try Letter([UInt8](repeating: 1, count: size), from: alice, under: session)
            try await fronts[0].leave(another)
            try await fold(another, into: view)
            #expect(try await status { try await fronts[1].leave(another) } == nil)
            let late = try Letter([1], from: alice, under: session)
            #expect(try await status { try await fronts[1].leave(late) }?.code == .resourceExhausted)
            await inbox.close()
        }
    }

    /// What is under way, or in the log and not folded, is not counted: that much more may come in. None of it is lost.
    @Test func quotaIsExceededByWhatIsUnderWayAndNoMore() async throws {
        try await sharing(deliveryWorkers: 0) {
            $0.deposits.quota = Quota(count: 5, octets: 1 << 30)
            $0.inlineOctets = 1000
        } _: { cluster, fronts, view in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: fronts[0])
            let letters = try (0..<12).map { _ in try Letter([1], from: alice, under: session) }
            let calls = letters.indices.map { number in
                { @Sendable in
                    let receipt = try await fronts[number % 2].leave(letters[number])
                    #expect(letters[number].isConfirmed(by: receipt))
                }
            }
            // Nobody folds: the fronts cannot know.
            #expect(try await taken(calls) == 12)
            // One that is large begins while there seems to be room, and finds out at its end that there is none.
            let large = try Letter([UInt8](repeating: 2, count: 200_000), from: alice, under: session)
            let call = try fronts[0].channel.open(Methods.deposit, deadline: .seconds(30), waitsForReady: true)
            for message in large.messages.dropLast() { #expect(try await call.send(message)) }
            _ = try cluster.startDelivery(view: view)
            for letter in letters { try await fold(letter, into: view) }
            _ = try await call.send(large.messages[large.messages.count - 1])
            let refusal = try await status { try await call.response() }
            #expect(refusal?.code == .resourceExhausted)
            #expect(refusal?.message.contains("QUOTA_EXCEEDED") == true)
            for front in fronts {
                let late = try Letter([1], from: alice, under: session)
                #expect(try await status { try await front.leave(late) }?.code == .resourceExhausted)
            }
            let inbox = try await Inbox(bob, at: fronts[1])
            #expect(Set(try await inbox.take(12).map(\.id)) == Set(letters.map(\.id)))
            await inbox.close()
        }
    }

    private func usage(of person: Person, in view: RedisStore) async throws -> MailboxUsage {
        let partition = Partitioner.partition(of: person.identity, count: person.cluster.store.mailLog.partitionCount)
        return try await view.usage(of: person.identity, partition: partition)
    }

    private func fold(_ letter: Letter, into view: RedisStore) async throws {
        let partition = Partitioner.partition(of: letter.key.mailbox, count: 2)
        try await eventually("the view has it") { try await view.deposit(letter.key, partition: partition) != nil }
    }
}
