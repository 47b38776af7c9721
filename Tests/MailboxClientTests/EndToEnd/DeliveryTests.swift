import Foundation
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import MailboxClient
import Primitives
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct DeliveryTests {
    @Test func contentsOfAnySizeArriveOnceAndInOrder() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            let contents = [0, 1, 65_535, 65_536, 65_537, 400_000].map { count in
                (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            }
            let session = try await alice.client.openSession(from: alice.identity, to: bob.identity)
            var sent: [SentDeposit] = []
            for content in contents { sent.append(try await session.deposit(ContentSource(content))) }

            let heard = try await bob.receive()
            #expect(heard.deposits.map(\.id) == sent.map(\.id))
            #expect(heard.deposits.map(\.sha256) == sent.map(\.sha256))
            #expect(heard.deposits.allSatisfy { $0.senderProof == .verified && $0.sender == "\(alice.identity)" })
            for (deposit, content) in zip(heard.deposits, contents) {
                #expect(FileManager.default.contents(atPath: deposit.path) == Data(content))
            }
            #expect(heard.summary.deposits == 6 && heard.summary.refused == 0 && heard.summary.left == 0)
            #expect(try await bob.receive().deposits.isEmpty, "what was acknowledged comes no more")
        }
    }

    @Test func aSenderHearsOnceThatTheRecipientHasIt() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            let asked = try await alice.send([1], to: bob, receipt: true)
            _ = try await alice.send([2], to: bob)
            #expect(try await alice.receive().receipts.isEmpty, "nobody has it yet")
            _ = try await bob.receive()
            let receipts = try await alice.receive().receipts
            #expect(receipts.map(\.id) == [asked.id] && receipts.first?.recipient == "\(bob.identity)")
            #expect(try await alice.receive().receipts.isEmpty)
        }
    }

    @Test func anAlteredChunkIsRefusedAndStopsNothing() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            let session = try await alice.client.openSession(from: alice.identity, to: bob.identity)
            let first = try await session.deposit(ContentSource([1, 2, 3]))
            let second = try await session.deposit(ContentSource([4]))
            let isDone = Mutex(false)
            cluster.relay.tamperNextStream { response in
                guard case .chunk(var chunk) = response.part,
                    isDone.withLock({ done in
                        defer { done = true }
                        return !done
                    })
                else { return response }
                chunk[0] ^= 1
                return ReceiveResponse(.chunk(chunk))
            }
            let heard = try await bob.receive()
            #expect(heard.deposits.map(\.id) == [second.id])
            #expect(heard.summary.refused == 1)
            let refused = heard.events.contains { if case .refused(first.id, _) = $0 { true } else { false } }
            #expect(refused)
            #expect(try await bob.receive().events == [.caughtUp], "what was refused comes no more")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(bob.inboxFolder)/.incoming").isEmpty)
        }
    }

    @Test func anAlteredHeaderEndsTheStreamAndTheNextOneBringsTheDeposit() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            let sent = try await alice.send([1], to: bob)
            cluster.relay.tamperNextStream { response in
                guard case .delivery(var delivery) = response.part else { return response }
                delivery.receivedAtMs += 1
                return ReceiveResponse(.delivery(delivery))
            }
            let heard = try await bob.receive()
            #expect(heard.deposits.map(\.id) == [sent.id])
            #expect(heard.reconnects == 1)
        }
    }

    @Test func anAcknowledgementCountsOnlyWhenTheMailboxSaysSo() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            let sent = try await alice.send([1], to: bob)
            cluster.relay.tamperNextStream { response in
                if case .settled = response.part { return ReceiveResponse(.caughtUp(CaughtUp())) }
                return response
            }
            var options = ReceiveOptions()
            options.settleLimit = .milliseconds(500)
            let heard = try await bob.receive(options)
            #expect(heard.reconnects == 1, "it asks again until the mailbox has the acknowledgement")
            #expect(heard.deposits.map(\.id) == [sent.id], "and shows the deposit once")
        }
    }

    @Test func aMailboxThatIsWrongEachTimeIsGivenUp() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com") { $0.retryBudget = .seconds(1) }
            _ = try await alice.send([1], to: bob)
            for _ in 0..<100 {
                cluster.relay.tamperNextStream { response in
                    guard case .delivery(var delivery) = response.part else { return response }
                    delivery.mac[0] ^= 1
                    return ReceiveResponse(.delivery(delivery))
                }
            }
            let error = await failure { try await bob.receive() }
            #expect(error?.kind == .untrusted)
        }
    }

    @Test func whatBrokeInTheMiddleComesAgainWhole() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            let content = [UInt8](repeating: 3, count: 300_000)
            let sent = try await alice.send(content, to: bob)
            for limit in [1, 3] {
                let chunks = Mutex(0)
                cluster.relay.tamperNextStream { response in
                    guard case .chunk = response.part else { return response }
                    let count = chunks.withLock { chunks in
                        chunks += 1
                        return chunks
                    }
                    return count > limit ? nil : response
                }
            }
            let heard = try await bob.receive()
            #expect(heard.reconnects == 2)
            #expect(heard.deposits.map(\.id) == [sent.id])
            #expect(heard.deposits.first?.sha256 == sent.sha256)
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoFollowsEndsWhenHeIsCancelled() async throws {
        try await TestCluster.run { cluster in
            let bob = try await cluster.enroll("sip:bob@example.com")
            var options = ReceiveOptions()
            options.follows = true
            let (caughtUp, signal) = AsyncStream.makeStream(of: Void.self)
            let task = Task { [options] in
                let inbox = try Inbox(of: bob.client.profile, now: MailboxClient.systemTime())
                _ = try await bob.client.receive(as: bob.identity, into: inbox, options) { event in
                    if case .caughtUp = event { signal.yield() }
                }
            }
            for await _ in caughtUp { break }
            let begun = ContinuousClock.now
            task.cancel()
            let result = await task.result
            #expect(throws: MailboxClientError.cancelled) { try result.get() }
            #expect(ContinuousClock.now - begun < .seconds(5))
        }
    }

    @Test func anExchangeOverMidnightUsesTheKeysOfBothDays() async throws {
        // All clocks stand just behind midnight, but for Alice's first look at hers.
        let today = MailboxClient.systemTime().day
        let midnight = today.advanced(by: 1).start
        let after: @Sendable () -> UTCTime = { midnight.advanced(byMilliseconds: 200) }
        try await TestCluster.run(now: after) { cluster in
            let looks = Mutex(0)
            let alice = try await cluster.enroll("sip:alice@example.com") { configuration in
                configuration.now = {
                    let isFirst = looks.withLock { looks in
                        looks += 1
                        return looks == 1
                    }
                    return isFirst ? midnight.advanced(byMilliseconds: -300) : after()
                }
            }
            let bob = try await cluster.enroll("sip:bob@example.com") { $0.now = after }
            let sent = try await alice.send([1], to: bob)
            #expect(try await bob.receive().deposits.map(\.id) == [sent.id])
            let days = try KeyCache(of: alice.client.profile).keys.keys.map(\.day)
            #expect(days.contains(today) && days.contains(today.advanced(by: 1)))
        }
    }
}
