import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import RPC
import TestCluster
import TestStore
import TestVectors
import Testing

@Suite(.serialized) struct ExchangeTests {
    @Test func twoMessagesReachTwoFronts() async throws {
        try await TestCluster.run(fronts: 2, deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0], cluster.fronts[1])
            #expect(session.responder == bob.identity.mailbox)
            #expect(session.called == bob.identity)
            // The other front knows the session: it takes a deposit under it.
            let letter = try Letter(Array("hello".utf8), from: alice, under: session)
            #expect(letter.isConfirmed(by: try await cluster.fronts[0].leave(letter)))
        }
    }

    @Test func sameOctetsGetTheSameAnswerFromEveryFront() async throws {
        try await TestCluster.run(fronts: 2, deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let (one, other) = (cluster.fronts[0], cluster.fronts[1])
            let first = try alice.begin(bob.identity)
            let rMessage1 = try await one.exchange(first.iMessage1)
            #expect(try await other.exchange(first.iMessage1) == rMessage1)
            let second = try alice.second(first, rMessage1)
            let rMessage2 = try await other.exchange(second.iMessage2)
            #expect(try await one.exchange(second.iMessage2) == rMessage2)
            #expect(try await other.exchange(first.iMessage1) == rMessage1)
        }
    }

    @Test func otherOctetsOfTheSameExchangeAreRefused() async throws {
        try await TestCluster.run(fronts: 2, deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let (one, other) = (cluster.fronts[0], cluster.fronts[1])
            // The same CSB ID, another exponent.
            func begin(_ seed: UInt64) throws -> IBAKEInitiator {
                let random = ScriptedRandom(
                    [[1, 2, 3, 4]] + [16, 32, 20].map { [UInt8](repeating: UInt8(seed), count: $0) })
                return try IBAKEInitiator(
                    IBAKECall(from: alice.identity, to: bob.identity), keys: alice.ring(), now: cluster.clock.now,
                    random: random)
            }
            let first = try begin(1)
            let rMessage1 = try await one.exchange(first.iMessage1)
            let imposter = try begin(2)
            #expect(imposter.csbID == first.csbID)
            #expect(try errorNumber(await other.exchange(imposter.iMessage1)) == ErrorNumber.unspecified.rawValue)
            // The first goes on, and cannot be replaced after its second message either.
            let second = try alice.second(first, rMessage1)
            let rMessage2 = try await other.exchange(second.iMessage2)
            _ = try second.receive(rMessage2: rMessage2, keys: alice.ring())
            let again = try alice.second(first, rMessage1)
            #expect(try errorNumber(await one.exchange(again.iMessage2)) == ErrorNumber.unspecified.rawValue)
            #expect(try await one.exchange(second.iMessage2) == rMessage2)
        }
    }

    @Test func frontsThatAnswerAtOnceGiveOneAnswer() async throws {
        try await TestCluster.run(fronts: 2, deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let fronts = cluster.fronts
            let first = try alice.begin(bob.identity)
            let answers = try await together(fronts, times: 4) { try await $0.exchange(first.iMessage1) }
            #expect(Set(answers).count == 1)
            let second = try alice.second(first, answers[0])
            let last = try await together(fronts, times: 4) { try await $0.exchange(second.iMessage2) }
            #expect(Set(last).count == 1)
            let session = try second.receive(rMessage2: last[0], keys: alice.ring())
            let letter = try Letter([1], from: alice, under: session)
            #expect(letter.isConfirmed(by: try await fronts[1].leave(letter)))
        }
    }

    @Test func badSecondMessageDoesNotSpoilTheGoodOne() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let first = try alice.begin(bob.identity)
            let rMessage1 = try await front.exchange(first.iMessage1)
            let second = try alice.second(first, rMessage1)
            var bad = try MIKEYMessage(octets: second.iMessage2)
            // A ciphertext that is well-formed and was made for somebody else.
            let stranger = DatedIdentity(bob.identity, on: cluster.clock.now.day)
            let parameters = cluster.keys.master.parameters
            bad = MIKEYMessage(
                bad.header,
                try bad.payloads.map {
                    guard case .ibake = $0 else { return $0 }
                    return .ibake(
                        EncryptedPayload(try parameters.encrypt([1, 2, 3], to: stranger.octets, random: SystemRandom())))
                })
            #expect(
                try errorNumber(await front.exchange(bad.octets)) == ErrorNumber.authenticationFailure.rawValue)
            _ = try second.receive(rMessage2: try await front.exchange(second.iMessage2), keys: alice.ring())
        }
    }

    @Test(.enabled(if: !TestStore.isOnServers, "a server's keys expire by a clock of its own"))
    func exchangeThatWaitedTooLongHasExpired() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let first = try alice.begin(bob.identity)
            let rMessage1 = try await front.exchange(first.iMessage1)
            cluster.clock.advance(seconds: 400)
            #expect(try await front.exchange(first.iMessage1) == rMessage1)
            cluster.clock.advance(seconds: 210)
            let second = try alice.second(first, rMessage1)
            #expect(try errorNumber(await front.exchange(second.iMessage2)) == ErrorNumber.unspecified.rawValue)
            // And the repeat is stale.
            #expect(try errorNumber(await front.exchange(first.iMessage1)) == ErrorNumber.invalidTimestamp.rawValue)
        }
    }

    @Test(arguments: [-602, 605]) func clockTooFarOffIsRefused(seconds: Int64) async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let stale = try IBAKEInitiator(
                IBAKECall(from: alice.identity, to: bob.identity), keys: alice.ring(),
                now: cluster.clock.now.advanced(byMilliseconds: seconds * 1000), random: SystemRandom())
            let answer = try await cluster.fronts[0].exchange(stale.iMessage1)
            #expect(try errorNumber(answer) == ErrorNumber.invalidTimestamp.rawValue)
        }
    }

    @Test(arguments: ["sip:bob@elsewhere.example", "tel:+15551234"])
    func nameThatIsNotServedIsRefused(name: String) async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let alice = try cluster.person("alice")
            let call = try alice.begin(Identity(name))
            let answer = try await cluster.fronts[0].exchange(call.iMessage1)
            #expect(try errorNumber(answer) == ErrorNumber.invalidID.rawValue)
        }
    }

    @Test func octetsThatAreNoMessageAreNamedAndCostNothing() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let message = try alice.begin(bob.identity).iMessage1
            let garbage: [[UInt8]] = [
                [], [1], [UInt8](repeating: 0xff, count: 400), Array("GET / HTTP/1.1\r\n".utf8),
                Array(message.dropLast()), message + [0],
            ]
            for octets in garbage {
                let refusal = try await status { try await front.exchange(octets) }
                #expect(refusal?.code == .invalidArgument)
                #expect(refusal?.message.isEmpty == false)
            }
            #expect(try errorNumber(await front.exchange(message)) == nil)
        }
    }

    @Test func frontWithoutKeysSaysTryAgain() async throws {
        try await TestCluster.run(fronts: 0, deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = try await cluster.startFront(ready: false)
            let refusal = try await status { try await front.exchange(alice.begin(bob.identity).iMessage1) }
            #expect(refusal?.code == .unavailable)
            #expect((refusal?.retryAfterMs ?? 0) > 0)
        }
    }
}

/// What the fronts answer when all are asked at once, several times each.
private func together(
    _ fronts: [TestFront], times: Int, _ ask: @escaping @Sendable (TestFront) async throws -> [UInt8]
) async throws -> [[UInt8]] {
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
        for front in fronts {
            for _ in 0..<times { group.addTask { try await ask(front) } }
        }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}
