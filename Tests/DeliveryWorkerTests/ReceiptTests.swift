import IdentityBasedEncryption
import Mailbox
import RPC
import TestCluster
import Testing

@Suite(.serialized) struct ReceiptTests {
    /// What a person finds waiting.
    private func receipts(for person: Person, in cluster: TestCluster) async throws -> [ReceiptHeader] {
        let inbox = try await Inbox(person, at: cluster.fronts[0])
        var found: [ReceiptHeader] = []
        while let event = try await inbox.next() {
            if case .receipt(let header, let sequence) = event {
                found.append(header)
                try await inbox.acknowledge(header, sequence: sequence)
            }
            if case .caughtUp = event { break }
        }
        await inbox.close()
        return found
    }

    @Test(arguments: [1, 2]) func acknowledgedDepositIsToldOfOnce(workers: Int) async throws {
        try await TestCluster.run(deliveryWorkers: workers) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let asked = try Letter([1], from: alice, under: session) { $0.wantsReceipt = true }
            let refused = try Letter([2], from: alice, under: session, number: 1) { $0.wantsReceipt = true }
            let silent = try Letter([3], from: alice, under: session, number: 2)
            for letter in [asked, refused, silent] { try await front.leave(letter) }
            let inbox = try await Inbox(bob, at: front)
            let mails = [try await inbox.nextMail(), try await inbox.nextMail(), try await inbox.nextMail()]
            #expect(mails.map(\.id) == [asked, refused, silent].map(\.id))
            try await inbox.refuse(mails[1])
            try await inbox.acknowledge(mails[0])
            try await inbox.acknowledge(mails[2])
            await inbox.close()
            let id = ReceiptHeader(
                deposit: asked.id, recipient: bob.identity, acknowledgedAt: cluster.clock.now
            ).ownID
            try await cluster.waitFor(DepositKey(id: id, mailbox: alice.identity))
            let told = try await receipts(for: alice, in: cluster)
            #expect(told.map(\.deposit) == [asked.id])
            #expect(told.map(\.recipient) == [bob.identity])
            try await cluster.waitUntilGone(DepositKey(id: id, mailbox: alice.identity))
            #expect(try await receipts(for: alice, in: cluster).isEmpty)
        }
    }

    @Test func refusedDepositIsNotSentAgain() async throws {
        try await TestCluster.run { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try (0..<2).map { try Letter([UInt8($0)], from: alice, under: session, number: UInt32($0)) }
            for letter in letters { try await front.leave(letter) }
            let inbox = try await Inbox(bob, at: front)
            let mails = [try await inbox.nextMail(), try await inbox.nextMail()]
            try await inbox.refuse(mails[0])
            var settled: UInt64?
            while settled == nil {
                if case .settled(let sequence) = try await inbox.next() { settled = sequence }
            }
            #expect(settled == mails[0].sequence)
            await inbox.close()
            try await cluster.waitUntilGone(letters[0].key)
            let next = try await Inbox(bob, at: front)
            #expect(try await next.take(1).map(\.id) == [letters[1].id])
            await next.close()
        }
    }
}
