import IdentityBasedEncryption
import Mailbox
import RPC
import Synchronization
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

    /// Each rebuild would send all receipts of the last hours once more.
    @Test func rebuiltViewMakesNoReceiptAgain() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1) { cluster in
            let appends = Mutex(0)
            let log = HookedLog(cluster.store.mailLog) { call in
                if case .append(.envelopes) = call { appends.withLock { $0 += 1 } }
            }
            _ = try cluster.startDelivery(log: log)
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let asked = try Letter([1], from: alice, under: session) { $0.wantsReceipt = true }
            try await front.leave(asked)
            let inbox = try await Inbox(bob, at: front)
            try await inbox.acknowledge(try await inbox.nextMail())
            let id = ReceiptHeader(
                deposit: asked.id, recipient: bob.identity, acknowledgedAt: cluster.clock.now
            ).ownID
            let receipt = DepositKey(id: id, mailbox: alice.identity)
            try await cluster.waitFor(receipt)
            #expect(try await receipts(for: alice, in: cluster).count == 1)
            try await cluster.waitUntilGone(receipt)

            let view = cluster.store.view
            try await eventually("the view is wiped, between two folds") {
                try await view.discard(partition: 0, at: view.position(of: 0))
            }
            let later = try Letter([2], from: alice, under: session, number: 1)
            try await front.leave(later)
            try await cluster.waitFor(later.key)
            #expect(try await inbox.nextMail().id == later.id)
            await inbox.close()
            #expect(appends.withLock { $0 } == 1, "the worker appends one receipt, and nothing else")
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
