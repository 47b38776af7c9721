import Mailbox
import MailboxAPI
import RPC
import TestCluster
import Testing

@Suite(.serialized) struct StopTests {
    @Test func callsUnderWayFinishAndStreamsEndAtOnce() async throws {
        try await TestCluster.run(fronts: 2) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let (front, other) = (cluster.fronts[0], cluster.fronts[1])
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letter = try Letter([UInt8](repeating: 3, count: 200_000), from: alice, under: session)
            let call = try front.channel.open(Methods.deposit, deadline: .seconds(30), waitsForReady: true)
            for message in letter.messages.prefix(2) { _ = try await call.send(message) }
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.untilCaughtUp().isEmpty)

            async let stopped: Void = front.stop()
            let end = try await status { while try await inbox.next() != nil {} }
            #expect(end?.code == .unavailable)
            #expect(end?.message.contains("stopping") == true)
            for message in letter.messages.dropFirst(2) { #expect(try await call.send(message)) }
            #expect(letter.isConfirmed(by: try await call.response()))
            await stopped

            let next = try await Inbox(bob, at: other)
            #expect(try await next.take(1).map(\.id) == [letter.id])
            await next.close()
            let late = try await status { try await front.channel.call(Methods.exchange, MIKEYMessage(octets: [1])) }
            #expect(late?.code == .unavailable)
        }
    }

    @Test func whoWatchesTheHealthOfAFrontHearsThatItStops() async throws {
        try await TestCluster.run(fronts: 1, deliveryWorkers: 0) { cluster in
            let front = cluster.fronts[0]
            let watch = try await front.channel.open(
                Methods.watchHealth, HealthCheckRequest(service: Methods.exchange.service), deadline: .seconds(30),
                waitsForReady: true)
            #expect(try await watch.receive()?.status == .serving)
            async let stopped: Void = front.stop()
            #expect(try await watch.receive()?.status == .notServing)
            watch.cancel()
            await stopped
        }
    }

    @Test func healthTellsWhetherAFrontServes() async throws {
        try await TestCluster.run(fronts: 0, deliveryWorkers: 0) { cluster in
            let waiting = try await cluster.startFront(ready: false)
            let request = HealthCheckRequest(service: Methods.exchange.service)
            let before = try await waiting.channel.call(Methods.checkHealth, request, waitsForReady: true)
            #expect(before.status == .notServing)
            let ready = try await cluster.startFront()
            let now = try await ready.channel.call(Methods.checkHealth, request, waitsForReady: true)
            #expect(now.status == .serving)
        }
    }
}
