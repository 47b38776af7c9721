import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import RPC
import TestCluster
import Testing

/// Dialling asked for by hand; no delivery worker runs.
@Suite(.serialized) struct DialTests {
    private func dial(
        _ recipient: Identity, at contact: String, _ cluster: TestCluster,
        _ uris: [String] = ["poste:delivery-worker"]
    ) async throws -> DialResponse {
        let channel = try RPCChannel(
            RPCChannelConfiguration(
                host: "127.0.0.1", port: cluster.fronts[0].worker.pushPort,
                security: .tls(
                    rootsPEM: try TestCluster.authority.get().certificatePEM,
                    credentials: try TestCluster.credentials("worker", uris: uris))))
        return try await channel.call(
            Methods.dial, DialRequest(recipient: recipient.octets, contact: contact), deadline: .seconds(30),
            waitsForReady: true)
    }

    /// The streams of somebody that the log has heard of as open.
    private func routes(to person: Person, _ cluster: TestCluster) async throws -> Int {
        var streams: Set<StreamID> = []
        for stored in try await cluster.records(ofPartitionOf: person.identity) where stored.topic == .presence {
            guard case .routes(let renewal)? = try? PresenceRecord(stored.record) else { continue }
            // One may be told of more than once: when it opens, and where a renewal is due.
            streams.formUnion(renewal.open.filter { $0.entity == person.identity }.map(\.stream))
        }
        return streams.count
    }

    @Test func contactThatProvesItselfIsAStreamLikeAnyOther() async throws {
        let limits = TestCluster.limits { $0.lease = .seconds(60) }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let bob = try cluster.person("bob")
            let contact = try cluster.startContact(bob)
            let answer = try await dial(bob.identity, at: contact.address, cluster)
            #expect(answer.outcome == .open, "\(answer.reason)")
            let stream = try await contact.stream()
            try await eventually("the route is in the log") { try await routes(to: bob, cluster) == 1 }
            // Asked again, the front has him.
            #expect(try await dial(bob.identity, at: contact.address, cluster).outcome == .open)
            #expect(contact.calls == 1)
            await stream.close()
            try await eventually("the stream is closed") { cluster.logCount("recipient's stream closed") == 1 }
        }
    }

    @Test(arguments: [
        "stranger", "garbage", "outOfOrder", "otherCertificate", "wrongMAC", "hangsUp",
    ]) func whoCannotProveHimselfGetsNothing(manner: String) async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (bob, eve) = (try cluster.person("bob"), try cluster.person("eve"))
            let manners: [String: TestContact.Manner] = [
                "stranger": .stranger(eve), "garbage": .garbage, "outOfOrder": .outOfOrder,
                "otherCertificate": .otherCertificate, "wrongMAC": .wrongMAC, "hangsUp": .hangsUp,
            ]
            let contact = try cluster.startContact(bob, manner: try #require(manners[manner]))
            let answer = try await dial(bob.identity, at: contact.address, cluster)
            #expect(answer.outcome == .notProven, "\(answer)")
            #expect(!answer.reason.isEmpty)
            #expect(contact.calls == 1 && !contact.wasGivenMail)
            #expect(try await routes(to: bob, cluster) == 0)
        }
    }

    @Test(arguments: [("192.0.2.0/24", false), ("192.0.2.0/24,127.0.0.0/8", true)])
    func contactsAreDialledOnlyWhereTheyMayBe(networks: String, isDialled: Bool) async throws {
        let limits = TestCluster.limits { $0.contactNetworks = RPCNetworks(networks) }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let bob = try cluster.person("bob")
            let contact = try cluster.startContact(bob)
            let port = try #require(RPCAddress(contact.address)).port
            let answer = try await dial(bob.identity, at: "localhost:\(port)", cluster)
            #expect(answer.outcome == (isDialled ? .open : .notProven), "\(answer.reason)")
            #expect(answer.reason.contains("--contacts") == !isDialled)
            #expect(contact.calls == (isDialled ? 1 : 0))
        }
    }

    @Test func nobodyThereIsSaidInTime() async throws {
        let limits = TestCluster.limits { $0.dialPatience = .seconds(1) }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let bob = try cluster.person("bob")
            let down = try cluster.startContact(bob)
            await down.stop()
            #expect(try await dial(bob.identity, at: down.address, cluster).outcome == .unreachable)
            let silent = try cluster.startContact(bob, manner: .silent)
            #expect(try await dial(bob.identity, at: silent.address, cluster).outcome == .unreachable)
            #expect(try await routes(to: bob, cluster) == 0)
        }
    }

    @Test func whatCannotBeDialledIsRefused() async throws {
        let limits = TestCluster.limits { $0.dials = 0 }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let bob = try cluster.person("bob")
            let mailbox = try #require(bob.identity.mailbox)
            let foreign = try Identity("sip:bob@elsewhere.example")
            for (code, recipient, contact) in [
                (RPCCode.invalidArgument, bob.identity, "nowhere"), (.invalidArgument, bob.identity, "127.0.0.1:0"),
                (.invalidArgument, mailbox, "127.0.0.1:1"), (.notFound, foreign, "127.0.0.1:1"),
                // As many as may be at a time: none.
                (.resourceExhausted, bob.identity, "127.0.0.1:1"),
            ] {
                #expect(try await status { try await dial(recipient, at: contact, cluster) }?.code == code)
            }
            let stranger = try await status {
                try await dial(bob.identity, at: "127.0.0.1:1", cluster, ["poste:front"])
            }
            #expect(stranger?.code == .permissionDenied)
        }
    }

    @Test func aFrontHangsUpWhenNothingMoves() async throws {
        let limits = TestCluster.limits { $0.dialledQuiet = .milliseconds(300) }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let bob = try cluster.person("bob")
            let contact = try cluster.startContact(bob)
            #expect(try await dial(bob.identity, at: contact.address, cluster).outcome == .open)
            let stream = try await contact.stream()
            #expect(try await stream.next() == nil)
            try await eventually("the stream is closed") { cluster.logCount("recipient's stream closed") == 1 }
        }
    }
}
