import IdentityBasedEncryption
import Mailbox
import Primitives
import RPC
import TestCluster
import Testing

@Suite(.serialized) struct DialTests {
    @Test func whoHasMailIsDialledAndGetsIt() async throws {
        let limits = TestCluster.limits { $0.dialledQuiet = .milliseconds(500) }
        try await TestCluster.run(limits: limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(4, under: session)
            for letter in letters.prefix(2) { try await front.leave(letter) }
            let contact = try cluster.startContact(bob)
            try await cluster.announce(bob, at: contact.address)
            let stream = try await contact.stream()
            #expect(try await stream.take(2).map(\.id) == letters.prefix(2).map(\.id))
            for letter in letters.prefix(2) { try await cluster.waitUntilGone(letter.key) }
            // What comes while the line is up needs no dial.
            try await front.leave(letters[2])
            #expect(try await stream.take(1).map(\.id) == [letters[2].id])
            #expect(contact.calls == 1)
            while try await stream.next() != nil {}
            // After the mailbox has hung up it dials for what comes then.
            try await front.leave(letters[3])
            let next = try await contact.stream()
            #expect(try await next.take(1).map(\.id) == [letters[3].id])
            try await cluster.waitUntilGone(letters[3].key)
            #expect(contact.calls == 2)
            await next.close()
        }
    }

    @Test func whoHasNoMailOrAStreamIsNotDialled() async throws {
        try await TestCluster.run { cluster in
            let (alice, bob, carol) = (
                try cluster.person("alice"), try cluster.person("bob"), try cluster.person("carol")
            )
            let front = cluster.fronts[0]
            let (his, hers) = (try cluster.startContact(bob), try cluster.startContact(carol))
            try await cluster.announce(bob, at: his.address)
            let inbox = try await Inbox(carol, at: front)
            #expect(try await inbox.untilCaughtUp().isEmpty)
            try await cluster.announce(carol, at: hers.address)
            let session = try await alice.handshake(with: carol.identity, over: front)
            let letter = try Letter([1], from: alice, under: session)
            try await front.leave(letter)
            #expect(try await inbox.take(1).map(\.id) == [letter.id])
            #expect(his.calls == 0 && hers.calls == 0)
            await inbox.close()
        }
    }

    @Test func deadContactIsTriedWithPausesAndFoundWhenItComesBack() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let delivery = try cluster.startDelivery()
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letter = try Letter([1], from: alice, under: session)
            try await front.leave(letter)
            let first = try cluster.startContact(bob)
            await first.stop()
            // However often somebody says so.
            for _ in 0..<20 {
                try await cluster.announce(bob, at: first.address)
                try await Task.sleep(for: .milliseconds(100))
            }
            let counts = delivery.worker.counts
            #expect((1...3).contains(counts.dialsUnreachable), "\(counts)")
            let second = try cluster.startContact(bob, port: first.port)
            try await cluster.announce(bob, at: second.address)
            let stream = try await second.stream()
            #expect(try await stream.take(1).map(\.id) == [letter.id])
            await stream.close()
        }
    }

    @Test func strangerAtTheContactGetsNothingAndIsNotDialledAgain() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob, eve) = (
                try cluster.person("alice"), try cluster.person("bob"), try cluster.person("eve")
            )
            let front = cluster.fronts[0]
            let delivery = try cluster.startDelivery()
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letter = try Letter([1], from: alice, under: session)
            try await front.leave(letter)
            let stranger = try cluster.startContact(bob, manner: .stranger(eve))
            try await cluster.announce(bob, at: stranger.address)
            try await eventually("it was dialled") { delivery.worker.counts.dialsNotProven == 1 }
            try await Task.sleep(for: .seconds(3))
            #expect(stranger.calls == 1 && !stranger.wasGivenMail)
            // Bob himself, elsewhere, has it at once.
            let contact = try cluster.startContact(bob)
            try await cluster.announce(bob, at: contact.address)
            let stream = try await contact.stream()
            #expect(try await stream.take(1).map(\.id) == [letter.id])
            await stream.close()
        }
    }

    @Test func contactsThatAreNoneAndWorkersThatDoNotDialAreCounted() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob, carol) = (
                try cluster.person("alice"), try cluster.person("bob"), try cluster.person("carol")
            )
            let front = cluster.fronts[0]
            for person in [bob, carol] {
                let session = try await alice.handshake(with: person.identity, over: front)
                try await front.leave(try Letter([1], from: alice, under: session))
            }
            let silent = try cluster.startDelivery { $0.dialsAtATime = 0 }
            let contact = try cluster.startContact(carol)
            try await cluster.announce(bob, at: "nowhere")
            try await cluster.announce(carol, at: contact.address)
            try await Task.sleep(for: .milliseconds(500))
            #expect(silent.worker.counts.dials == 0 && contact.calls == 0)
            await silent.stop()
            let delivery = try cluster.startDelivery()
            let stream = try await contact.stream()
            #expect(try await stream.take(1).count == 1)
            try await eventually("it is counted") { delivery.worker.counts.unusableContacts == 1 }
            #expect(delivery.worker.counts.dials == 1)
            await stream.close()
        }
    }

    @Test func anotherFrontDialsWhereOneIsGone() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let delivery = try cluster.startDelivery()
            // A front of which the log says that it is there.
            let mailbox = try #require(bob.identity.mailbox)
            try await cluster.store.mailLog.append(
                RouteRenewal(
                    front: "127.0.0.1:1", leaseMs: 600_000,
                    open: [.init(entity: mailbox, stream: try StreamID(octets: [1]), openedAt: cluster.clock.now)]))
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(3, under: session)
            let contact = try cluster.startContact(bob)
            try await cluster.announce(bob, at: contact.address)
            for letter in letters {
                try await front.leave(letter)
                let stream = try await contact.stream()
                #expect(try await stream.take(1).map(\.id) == [letter.id])
                await stream.close()
                try await cluster.waitUntilGone(letter.key)
            }
            #expect(delivery.worker.counts.dialsOpen == 3)
        }
    }
}
