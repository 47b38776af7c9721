import IdentityBasedEncryption
import RPC
import TestCluster
import Testing

@Suite(.serialized) struct ExchangeLimitTests {
    @Test func exchangesOfOneSourceAreLimited() async throws {
        let limits = TestCluster.limits { $0.exchangesPerSourceAndMinute = 3 }
        try await TestCluster.run(fronts: 2, deliveryWorkers: 0, limits: limits) { cluster in
            let bob = try cluster.person("bob")
            var first: [UInt8] = []
            for number in 0..<3 {
                first = try cluster.person("alice\(number)").begin(bob.identity).iMessage1
                #expect(try errorNumber(await cluster.fronts[number % 2].exchange(first)) == nil)
            }
            let refusal = try await status {
                try await cluster.fronts[0].exchange(cluster.person("eve").begin(bob.identity).iMessage1)
            }
            #expect(refusal?.code == .resourceExhausted)
            #expect((1...60_000).contains(refusal?.retryAfterMs ?? 0))
            // What has begun goes on.
            #expect(try errorNumber(await cluster.fronts[1].exchange(first)) == nil)
            cluster.clock.advance(seconds: 60)
            let later = try cluster.person("eve").begin(bob.identity).iMessage1
            #expect(try errorNumber(await cluster.fronts[0].exchange(later)) == nil)
        }
    }

    @Test(arguments: [true, false]) func aProxyIsBelievedForWhomItCallsOnlyWhereToldSo(trusts: Bool) async throws {
        let limits = TestCluster.limits {
            $0.exchangesPerSourceAndMinute = 1
            $0.trustsForwardedFor = trusts
        }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let (bob, front) = (try cluster.person("bob"), cluster.fronts[0])
            let call = { @Sendable (name: String, chain: String) in
                let message = try cluster.person(name).begin(bob.identity).iMessage1
                return try await status { try await front.exchange(message, metadata: ["x-forwarded-for": chain]) }?.code
            }
            #expect(try await call("alice", "192.0.2.1") == nil)
            #expect(try await call("carol", "192.0.2.2") == (trusts ? nil : .resourceExhausted))
            // What the caller himself wrote stands before what the proxy adds.
            #expect(try await call("eve", "198.51.100.7, 192.0.2.1") == .resourceExhausted)
        }
    }

    @Test func exchangesInOneNameAreLimited() async throws {
        let limits = TestCluster.limits { $0.exchangesPerInitiatorAndMinute = 2 }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            for _ in 0..<2 { _ = try await front.exchange(alice.begin(bob.identity).iMessage1) }
            let refusal = try await status { try await front.exchange(alice.begin(bob.identity).iMessage1) }
            #expect(refusal?.code == .resourceExhausted)
            #expect((1...60_000).contains(refusal?.retryAfterMs ?? 0))
            let carol = try cluster.person("carol").begin(bob.identity).iMessage1
            #expect(try errorNumber(await front.exchange(carol)) == nil)
        }
    }

    @Test func tooManyAtOnceAreShedAndTheOthersFinish() async throws {
        let limits = TestCluster.limits {
            $0.cryptoThreads = 1
            $0.cryptoQueue = 1
        }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let bob = try cluster.person("bob")
            let messages = try (0..<100).map { try cluster.person("caller\($0)").begin(bob.identity).iMessage1 }
            let front = cluster.fronts[0]
            let refusals = try await withThrowingTaskGroup(of: RPCStatus?.self) { group in
                for message in messages {
                    group.addTask { try await status { try await front.exchange(message) } }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let shed = refusals.compactMap { $0 }
            #expect(!shed.isEmpty)
            #expect(shed.count < messages.count)
            #expect(shed.allSatisfy { $0.code == .resourceExhausted && ($0.retryAfterMs ?? 0) > 0 })
            // Later each of them is answered.
            for message in messages { #expect(try errorNumber(await front.exchange(message)) == nil) }
        }
    }
}
