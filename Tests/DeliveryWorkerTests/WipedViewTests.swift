import IBAKE
import IdentityBasedEncryption
import Mailbox
import Synchronization
import TestCluster
import Testing

/// The view may be wiped or put back at any moment: what is not in it then is not over.
@Suite(.serialized) struct WipedViewTests {
    @Test func whatAWipedViewLacksIsNotPassedOver() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(5, under: session)
            for letter in letters.prefix(4) { try await front.leave(letter) }
            let isHeld = Mutex(false)
            let held = Mutex(0)
            let looks = Mutex(0)
            let log = HookedLog(cluster.store.mailLog) { call in
                guard case .read = call else { return }
                while isHeld.withLock({ $0 }) {
                    held.withLock { $0 += 1 }
                    try? await Task.sleep(for: .milliseconds(5))
                }
            }
            let view = HookedView(cluster.store.view, pending: { _ in looks.withLock { $0 += 1 } })
            _ = try cluster.startDelivery(log: log, view: view) { $0.window = PageLimit(count: 2, octets: 8 << 20) }
            try await cluster.waitFor(letters[3].key)
            let inbox = try await Inbox(bob, at: front)
            let first = [try await inbox.nextMail(), try await inbox.nextMail()]
            // His window is full while another arrives, which the pusher keeps.
            try await front.leave(letters[4])
            try await cluster.waitFor(letters[4].key)
            isHeld.withLock { $0 = true }
            try await eventually("the owner folds no further") { held.withLock { $0 > 0 } }
            #expect(
                try await cluster.store.view.discard(partition: 0, at: cluster.store.view.position(of: 0)))
            let before = looks.withLock { $0 }
            for mail in first { try await inbox.acknowledge(mail) }
            try await eventually("the pusher looks into the empty view") { looks.withLock { $0 > before } }
            isHeld.withLock { $0 = false }
            var rest: [DepositID] = []
            while rest.count < 3, let event = try await inbox.next() {
                if case .mail(let mail) = event {
                    rest.append(mail.id)
                    try await inbox.acknowledge(mail)
                }
                if case .caughtUp = event { Issue.record("he hears that he has all, with \(rest.count) of 3") }
            }
            #expect(rest == letters[2...].map(\.id))
            await inbox.close()
        }
    }

    /// Until its tombstone is folded again, what is over waits in the view once more.
    @Test func whatIsOverIsNotPushedWhileTheViewIsMadeAgain() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let pace = Mutex(Duration.zero)
            let log = HookedLog(cluster.store.mailLog) { call in
                if case .read = call { try? await Task.sleep(for: pace.withLock { $0 }) }
            }
            _ = try cluster.startDelivery(log: log) { $0.batch = PageLimit(count: 1) }
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(8, under: session)
            for letter in letters.prefix(7) { try await front.leave(letter) }
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.take(7).map(\.id) == letters.prefix(7).map(\.id))
            await inbox.close()
            try await cluster.waitUntilGone(letters[6].key)
            let next = try await Inbox(bob, at: front)
            #expect(try await next.untilCaughtUp().isEmpty)
            pace.withLock { $0 = .milliseconds(20) }
            let view = cluster.store.view
            try await eventually("the view is wiped, between two folds") {
                try await view.discard(partition: 0, at: view.position(of: 0))
            }
            try await front.leave(letters[7])
            #expect(try await next.nextMail().id == letters[7].id)
            await next.close()
        }
    }
}
