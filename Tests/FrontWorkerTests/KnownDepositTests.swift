import FrontWorker
import Mailbox
import RPC
import TestCluster
import Testing

@Suite(.serialized) struct KnownDepositTests {
    @Test func knownIDWithAnotherHeaderIsRefusedUntilItIsOver() async throws {
        try await TestCluster.run { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letter = try Letter([1], from: alice, under: session)
            try await front.leave(letter)
            _ = try await cluster.envelope(of: letter)
            let other = try Letter([2], from: alice, under: session, number: 1) { $0.id = letter.id }
            #expect(try await status { try await front.leave(other) }?.code == .alreadyExists)
            // Also from another sender; in another mailbox the id is free.
            let carol = try cluster.person("carol")
            let foreign = try await carol.handshake(with: bob.identity, over: front)
            let third = try Letter([3], from: carol, under: foreign) { $0.id = letter.id }
            #expect(try await status { try await front.leave(third) }?.code == .alreadyExists)
            let toCarol = try await alice.handshake(with: carol.identity, over: front)
            let elsewhere = try Letter([4], from: alice, under: toCarol) { $0.id = letter.id }
            #expect(elsewhere.isConfirmed(by: try await front.leave(elsewhere)))
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.untilCaughtUp().map(\.header) == [letter.header])
            await inbox.close()
        }
    }

    @Test func fullMailboxRefusesAndDropsNothing() async throws {
        let limits = TestCluster.limits {
            $0.deposits = DepositLimits(
                quota: Quota(count: 3, octets: 1 << 20), longestLifetime: 86_400, largestCiphertext: 1 << 30)
        }
        try await TestCluster.run(limits: limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let large = try Letter([UInt8](repeating: 0, count: 1 << 20), from: alice, under: session, number: 9)
            let tooLarge = try await status { try await front.leave(large) }
            #expect(tooLarge?.code == .resourceExhausted)
            let letters = try (0..<3).map { try Letter([UInt8($0)], from: alice, under: session, number: UInt32($0)) }
            for letter in letters {
                try await front.leave(letter)
                _ = try await cluster.envelope(of: letter)
            }
            let more = try Letter([7], from: alice, under: session, number: 3)
            let refusal = try await status { try await front.leave(more) }
            #expect(refusal?.code == .resourceExhausted)
            #expect(refusal?.message.contains("QUOTA_EXCEEDED") == true)
            #expect((refusal?.retryAfterMs ?? 0) > 0)
            // A receipt is still given again, and other mailboxes are not full.
            #expect(letters[0].isConfirmed(by: try await front.leave(letters[0])))
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.take(3).map(\.id) == letters.map(\.id))
            // There is room again.
            try await eventually("the mailbox has room") { try await status { try await front.leave(more) } == nil }
            #expect(try await inbox.take(1).map(\.id) == [more.id])
            await inbox.close()
        }
    }
}
