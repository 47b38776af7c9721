import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import RPC
import TestCluster
import TestStore
import Testing

@Suite(.serialized) struct PresenceTests {
    private let partitions = 4

    private func home(_ person: Person) -> Int { Partitioner.partition(of: person.identity, count: partitions) }

    private func presence(of person: Person, in cluster: TestCluster) async throws -> Presence? {
        try await cluster.store.view.presence(of: person.identity, partition: home(person), now: cluster.clock.now)
    }

    private func event(_ person: Person, _ more: String = "") -> String {
        "{\"entity\": \"\(person.identity)\", \"basic\": \"open\"\(more)}"
    }

    private let dated = ", \"contact\": \"192.0.2.7:5150\", \"timestamp\": \"2026-12-01T12:00:00Z\""

    private func publish(_ request: PublishPresenceRequest, _ cluster: TestCluster) async throws -> UInt32 {
        try await cluster.fronts[0].channel.call(Methods.publishPresence, request, waitsForReady: true).accepted
    }

    /// The events in the log about somebody.
    private func events(of person: Person, in cluster: TestCluster) async throws -> Int {
        try await cluster.records(ofPartitionOf: person.identity).count {
            guard $0.topic == .presence, case .event(let event)? = try? PresenceRecord($0.record) else { return false }
            return event.entity == person.identity
        }
    }

    @Test func provenEventReachesTheView() async throws {
        try await TestCluster.run(partitions: partitions) { cluster in
            let bob = try cluster.person("bob")
            let request = try await bob.presence([event(bob, dated)], over: cluster.fronts[0])
            #expect(try await publish(request, cluster) == 1)
            try await eventually("the view has the contact") {
                try await presence(of: bob, in: cluster)?.contact == "192.0.2.7:5150"
            }
        }
    }

    @Test func eventsAreTakenAllOrNone() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: partitions) { cluster in
            let bob = try cluster.person("bob")
            let good = event(bob, dated)
            for bad in ["", "{", "[]", "{\"entity\": \"\(bob.identity)\"}", "{\"entity\": \"\", \"basic\": \"open\"}"] {
                let request = try await bob.presence([good, bad], over: cluster.fronts[0])
                #expect(try await status { try await publish(request, cluster) }?.code == .invalidArgument)
            }
            let foreign = "{\"entity\": \"sip:bob@elsewhere.example\", \"basic\": \"open\"}"
            let unknown = try await bob.presence([good, foreign], over: cluster.fronts[0])
            #expect(try await status { try await publish(unknown, cluster) }?.code == .notFound)
            let many = try await bob.presence([String](repeating: good, count: 1001), over: cluster.fronts[0])
            #expect(try await status { try await publish(many, cluster) }?.code == .invalidArgument)
            #expect(try await events(of: bob, in: cluster) == 0)
        }
    }

    @Test func aFrontBelievesNobodyButTheOneItIsAbout() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: partitions) { cluster in
            let (bob, eve) = (try cluster.person("bob"), try cluster.person("eve"))
            let front = cluster.fronts[0]
            let good = event(bob, dated)
            let proven = try await bob.presence([good], over: front)
            var cases: [(RPCCode, PublishPresenceRequest)] = [
                // Nobody says it.
                (.permissionDenied, PublishPresenceRequest(events: [good], proof: nil)),
                (.permissionDenied, PublishPresenceRequest(events: [event(bob)], proof: nil)),
                // Somebody else says it.
                (.permissionDenied, try await eve.presence([good], over: front)),
                (.permissionDenied, try await bob.presence([good, event(eve, dated)], over: front)),
                // The proof is of other events.
                (.permissionDenied, PublishPresenceRequest(events: [event(bob, dated + " ")], proof: proven.proof)),
                // He has proved himself to somebody else's mailbox, by leaving mail.
                (.permissionDenied, try await bob.presence([good], over: front, with: eve.identity)),
                // Said again later it would bring an old contact back.
                (.invalidArgument, try await bob.presence([event(bob)], over: front)),
            ]
            var unknown = proven
            unknown.proof?.csbID = [1, 2, 3, 4]
            cases.append((.notFound, unknown))
            var short = proven
            short.proof?.mac.removeLast()
            cases.append((.invalidArgument, short))
            for (code, request) in cases {
                #expect(try await status { try await publish(request, cluster) }?.code == code)
            }
            #expect(try await events(of: bob, in: cluster) == 0)
            #expect(try await publish(proven, cluster) == 1)
            #expect(try await events(of: bob, in: cluster) == 1)
        }
    }

    @Test func eventInAnotherPartitionIsForwardedOnce() async throws {
        try await TestCluster.run(partitions: partitions) { cluster in
            let bob = try cluster.person("bob")
            let event = try PresenceEvent(entity: bob.identity, isOpen: true, contact: "192.0.2.7:5150")
            let wrong = (home(bob) + 1) % partitions
            _ = try await cluster.store.mailLog.append(
                [PresenceRecord.event(event).record], to: .presence, partition: wrong)
            try await eventually("the view has it") {
                try await presence(of: bob, in: cluster)?.contact == "192.0.2.7:5150"
            }
            // One that was forwarded to a wrong place is not sent on for ever.
            var lost = PresenceRecord.event(event).record
            lost.headers.append(LogRecord.Header(name: "poste-forwarded", value: Array("1".utf8)))
            _ = try await cluster.store.mailLog.append([lost], to: .presence, partition: wrong)
            try await eventually("it is among the dead letters") {
                try await !cluster.store.mailLog.deadLetters(of: wrong, from: 0, limit: PageLimit(count: 10)).isEmpty
            }
        }
    }

    @Test func whatCannotBeReadStopsNothing() async throws {
        try await TestCluster.run(partitions: partitions) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            var garbage: [(LogTopic, LogRecord)] = [
                (.presence, LogRecord(key: bob.identity.octets, value: Array("no JSON".utf8))),
                (.presence, LogRecord(key: nil, value: nil)),
                (.presence, LogRecord(key: [0xff], value: Array("{\"front\":1}".utf8))),
                (.envelopes, LogRecord(key: [1, 2, 3], value: [4, 5, 6])),
                (.envelopes, LogRecord(key: [UInt8](repeating: 1, count: 16) + bob.identity.octets, value: nil)),
            ]
            // Brokers take no record without a key into a compacted topic.
            if !TestStore.isOnServers { garbage.append((.envelopes, LogRecord(key: nil, value: [7]))) }
            for (topic, record) in garbage {
                _ = try await cluster.store.mailLog.append([record], to: topic, partition: home(bob))
            }
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letter = try Letter([1], from: alice, under: session)
            try await front.leave(letter)
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.take(1).map(\.id) == [letter.id])
            await inbox.close()
            let letters = try await cluster.store.mailLog.deadLetters(of: home(bob), from: 0, limit: PageLimit(count: 100))
            #expect(letters.count == garbage.count)
            for stored in letters {
                let letter = try DeadLetter(stored.record)
                #expect(!letter.fault.isEmpty)
                #expect(garbage.contains { $0.0 == letter.stored.topic && $0.1 == letter.stored.record })
            }
        }
    }
}
