import Foundation
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import RPC
import TestCluster
import Testing

/// Pushes made by hand; no delivery worker runs.
@Suite(.serialized) struct PushTests {
    /// Bob's open stream, its name, and three deposits that wait for him.
    private struct Scene {
        let front: TestFront
        let inbox: Inbox
        let stream: [UInt8]
        let letters: [Letter]
        let waiting: [PendingDeposit]
        let bob: Person
    }

    private func withScene(size: Int = 10, _ body: (TestCluster, Scene) async throws -> Void) async throws {
        try await TestCluster.run(deliveryWorkers: 0, limits: DepositTests.limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try (0..<3).map {
                try Letter([UInt8](repeating: UInt8($0), count: size), from: alice, under: session, number: UInt32($0))
            }
            for letter in letters { try await front.leave(letter) }
            let inbox = try await Inbox(bob, at: front)
            var stream: [UInt8] = []
            var waiting: [PendingDeposit] = []
            try await eventually("the route is in the log") {
                waiting = []
                for stored in try await cluster.records(ofPartitionOf: bob.identity) {
                    if stored.topic == .envelopes, case .envelope(let envelope) = try EnvelopeRecord(stored.record) {
                        waiting.append(PendingDeposit(offset: stored.offset, envelope: envelope))
                    }
                    if stored.topic == .presence, case .routes(let renewal) = try PresenceRecord(stored.record) {
                        #expect(renewal.front == "127.0.0.1:\(front.worker.pushPort)")
                        stream = renewal.open.first { $0.entity == bob.identity }?.stream.octets ?? stream
                    }
                }
                return !stream.isEmpty
            }
            #expect(waiting.map(\.envelope.key) == letters.map(\.key))
            try await body(
                cluster,
                Scene(front: front, inbox: inbox, stream: stream, letters: letters, waiting: waiting, bob: bob))
            inbox.cancel()
        }
    }

    private func channel(_ front: TestFront, _ credentials: TLSCredentials?) throws -> RPCChannel {
        try RPCChannel(
            RPCChannelConfiguration(
                host: "127.0.0.1", port: front.worker.pushPort,
                security: .tls(
                    rootsPEM: try TestCluster.authority.get().certificatePEM, credentials: credentials)))
    }

    private func open(_ scene: Scene) async throws -> Call<PushRequest, PushResponse> {
        let credentials = try TestCluster.credentials("delivery", uris: ["poste:delivery-worker"])
        let call = try channel(scene.front, credentials).open(
            Methods.push, deadline: .seconds(30), waitsForReady: true)
        _ = try await call.send(
            PushRequest(.opening(PushOpening(recipient: scene.bob.identity.octets, stream: scene.stream))))
        #expect(try await call.receive()?.part == .ready(PushReady()))
        return call
    }

    private func message(_ deposit: PendingDeposit, after before: PendingDeposit?) -> PushRequest {
        PushRequest(
            .deposit(
                PushDeposit(
                    envelope: deposit.envelope.octets, offset: deposit.offset,
                    before: before.map { PushedBefore(offset: $0.offset) })))
    }

    @Test func onlyDeliveryWorkersPush() async throws {
        try await withScene { _, scene in
            let stranger = try CertificateAuthority(commonName: "Another authority", now: UTCTime.machine)
            let foreign = try stranger.issue(
                commonName: "delivery", hosts: ["127.0.0.1"], uris: ["poste:delivery-worker"], now: UTCTime.machine)
            for credentials in [nil, foreign] {
                let call = try channel(scene.front, credentials).open(Methods.push, deadline: .seconds(30))
                #expect(try await status { try await call.receive() }?.code == .unavailable)
            }
            for uris in [[], ["poste:front"], ["poste:delivery-worker:not"]] {
                let call = try channel(scene.front, TestCluster.credentials("front", uris: uris)).open(
                    Methods.push, deadline: .seconds(30), waitsForReady: true)
                #expect(try await status { try await call.receive() }?.code == .permissionDenied)
            }
            // The port of senders and recipients knows no pushes.
            let call = try scene.front.channel.open(Methods.push, deadline: .seconds(30))
            #expect(try await status { try await call.receive() }?.code == .unimplemented)
        }
    }

    @Test func pushForAnotherStreamOrRecipientIsRefused() async throws {
        try await withScene { cluster, scene in
            let credentials = try TestCluster.credentials("delivery", uris: ["poste:delivery-worker"])
            let eve = try cluster.person("eve").identity.octets
            let openings: [(PushRequest, RPCCode)] = [
                (PushRequest(.opening(PushOpening(recipient: eve, stream: scene.stream))), .notFound),
                (
                    PushRequest(.opening(PushOpening(recipient: scene.bob.identity.octets, stream: [1]))), .notFound
                ),
                (PushRequest(.opening(PushOpening(recipient: eve, stream: []))), .invalidArgument),
                (PushRequest(.caughtUp(CaughtUp())), .invalidArgument), (PushRequest(), .invalidArgument),
            ]
            for (opening, code) in openings {
                let call = try channel(scene.front, credentials).open(
                    Methods.push, deadline: .seconds(30), waitsForReady: true)
                _ = try await call.send(opening)
                #expect(try await status { try await call.receive() }?.code == code)
            }
            // A deposit of Eve's never goes into Bob's stream.
            let alice = try cluster.person("alice")
            let session = try await alice.handshake(with: try cluster.person("eve").identity, over: scene.front)
            let letter = try Letter([1], from: alice, under: session)
            let envelope = try Envelope(
                deposit: letter.header, encryptedKey: try #require(session.secretKey).esk,
                receivedAt: cluster.clock.now,
                senderProof: nil, ciphertextDigest: letter.closing.ciphertextSHA256, place: .inline(letter.chunks[0]))
            let call = try await open(scene)
            _ = try await call.send(message(PendingDeposit(offset: 99, envelope: envelope), after: nil))
            #expect(try await status { try await call.receive() }?.code == .invalidArgument)
        }
    }

    @Test func gapIsRefusedAndTheStreamGoesOn() async throws {
        try await withScene { _, scene in
            let call = try await open(scene)
            _ = try await call.send(message(scene.waiting[0], after: nil))
            _ = try await call.send(message(scene.waiting[2], after: scene.waiting[1]))
            #expect(try await status { while try await call.receive() != nil {} }?.code == .aborted)
            let again = try await open(scene)
            for (number, deposit) in scene.waiting.enumerated() {
                _ = try await again.send(message(deposit, after: number == 0 ? nil : scene.waiting[number - 1]))
            }
            _ = try await again.send(PushRequest(.caughtUp(CaughtUp())))
            #expect(try await scene.inbox.untilCaughtUp().map(\.id) == scene.letters.map(\.id))
        }
    }

    @Test func pushesOfTwoWorkersAreMerged() async throws {
        try await withScene { _, scene in
            let calls = [try await open(scene), try await open(scene)]
            for (number, deposit) in scene.waiting.enumerated() {
                for call in calls {
                    _ = try await call.send(message(deposit, after: number == 0 ? nil : scene.waiting[number - 1]))
                }
            }
            for call in calls { _ = try await call.send(PushRequest(.caughtUp(CaughtUp()))) }
            var mails = try await scene.inbox.untilCaughtUp()
            mails += try await scene.inbox.untilCaughtUp()
            #expect(mails.map(\.id) == scene.letters.map(\.id))
            // Whoever pushed it hears of the answer.
            try await scene.inbox.acknowledge(mails[1])
            let answers = AsyncStream<PushOutcome>.makeStream()
            let readers = calls.map { call in
                Task {
                    while let response = try await call.receive() {
                        if case .outcome(let outcome) = response.part { answers.continuation.yield(outcome) }
                    }
                }
            }
            for await outcome in answers.stream {
                #expect(outcome == PushOutcome(id: scene.letters[1].id.octets, refused: false))
                break
            }
            for call in calls { call.cancel() }
            for reader in readers { _ = await reader.result }
        }
    }

    @Test func halfADeliveryClosesTheStream() async throws {
        try await withScene(size: 200_000) { _, scene in
            let call = try await open(scene)
            _ = try await call.send(message(scene.waiting[0], after: nil))
            _ = try await call.send(PushRequest(.chunk(scene.letters[0].chunks[0])))
            call.cancel()
            #expect(try await status { try await scene.inbox.next() }?.code == .unavailable)
        }
    }

    @Test func wrongMessageInPlaceOfAChunkClosesTheStream() async throws {
        try await withScene(size: 200_000) { _, scene in
            let call = try await open(scene)
            _ = try await call.send(message(scene.waiting[0], after: nil))
            _ = try await call.send(message(scene.waiting[1], after: scene.waiting[0]))
            // Either is true: the message was wrong, and the stream is gone for it.
            let refusal = try await status { while try await call.receive() != nil {} }
            #expect(refusal.map { [.invalidArgument, .notFound].contains($0.code) } == true)
            #expect(try await status { try await scene.inbox.next() }?.code == .unavailable)
        }
    }

    @Test func streamThatEndsEndsItsPushes() async throws {
        try await withScene { _, scene in
            let call = try await open(scene)
            await scene.inbox.close()
            #expect(try await status { while try await call.receive() != nil {} }?.code == .notFound)
        }
    }
}

extension UTCTime {
    /// The machine's time, for certificates.
    fileprivate static var machine: UTCTime { UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
