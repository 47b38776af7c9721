import IdentityBasedEncryption
import Mailbox
import Primitives
import TestCluster
import Testing

/// Whatever happens to a view, a worker that runs notices by itself, also where nothing else happens, and makes it again.
@Suite(.serialized) struct LostViewTests {
    private static let day: Int64 = 86_400_000

    /// What befalls the view of a partition in which a deposit waits. `before` is a position that the view had before it
    /// knew of the deposit.
    private enum Mishap: CaseIterable {
        case wiped
        case putBack
        case aheadOfLog
        case ofAnotherLog
        case olderThanTombstones
    }

    @Test(arguments: [false, true]) func lostViewIsMadeAgainWithoutACommand(recipientIsThere: Bool) async throws {
        try await TestCluster.run(partitions: 1) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            var before: ViewPosition?
            try await eventually("the view exists") {
                before = try await cluster.store.view.position(of: 0)
                return before != nil
            }
            guard let before else { return }
            var left = [try Letter([1], from: alice, under: session)]
            try await front.leave(left[0])
            var inbox: Inbox?
            if recipientIsThere {
                let opened = try await Inbox(bob, at: front)
                #expect(try await opened.nextMail().id == left[0].id)
                inbox = opened
            }
            for mishap in Mishap.allCases {
                let waiting = try await cluster.waitFor(left[0].key)
                // No record comes that would tell the owner.
                try await Task.sleep(for: .milliseconds(1500))
                try await befall(mishap, waiting, before, cluster)
                let begun = ContinuousClock.now
                try await eventually("the view fits the log") {
                    let position = try await cluster.store.view.position(of: 0)
                    let end = try await cluster.store.mailLog.bounds(of: 0).end
                    return try await position?.log == cluster.store.mailLog.identity() && position?.next == end
                }
                #expect(try await cluster.waitFor(left[0].key) == waiting, "\(mishap)")
                #expect(ContinuousClock.now - begun < .seconds(5), "\(mishap)")
                #expect(try await cluster.store.view.usage(of: bob.identity, partition: 0).count == UInt64(left.count))
            }
            if inbox == nil {
                inbox = try await Inbox(bob, at: front)
                #expect(try await inbox?.nextMail().id == left[0].id)
            }
            left.append(try Letter([2], from: alice, under: session, number: 1))
            try await front.leave(left[1])
            #expect(try await inbox?.nextMail().id == left[1].id)
            await inbox?.close()
        }
    }

    private func befall(
        _ mishap: Mishap, _ waiting: PendingDeposit, _ before: ViewPosition, _ cluster: TestCluster
    ) async throws {
        let store = cluster.store.view
        // A route may be renewed meanwhile.
        try await eventually("the view is changed") {
            guard let found = try await store.position(of: 0) else { return false }
            var there = found
            var changes: [ViewChange] = []
            switch mishap {
            case .wiped: return try await store.discard(partition: 0, at: found)
            case .putBack, .olderThanTombstones:
                there = before
                changes = [.remove(waiting.known), .usage(waiting.envelope.mailbox, MailboxUsage())]
                if mishap == .olderThanTombstones {
                    there.asOf = there.asOf.advanced(byMilliseconds: -8 * Self.day)
                }
            case .aheadOfLog: there.next.envelopes += 1000
            case .ofAnotherLog: there.log = "another"
            }
            return try await store.apply(changes, to: 0, from: found, reaching: there)
        }
    }
}
