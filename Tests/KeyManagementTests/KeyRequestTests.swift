import Foundation
import IBAKE
import IdentityBasedEncryption
import KeyManagement
import MIKEY
import MailboxAPI
import Observability
import Primitives
import RPC
import TestVectors
import Testing

@Suite struct KeyRequestTests {
    @Test func givesAnAccountItsOwnKeysOfTheDaysThatItMayHave() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let bob = try await caller.enroll(["sip:bob@example.com", "sip:robert@example.net"])
            let wanted = [
                try dated("bob"), try dated("robert", 1, domain: "example.net"), try dated("bob", -30),
                try dated("bob", 31),
            ]
            // `keys` has checked that each belongs to its identity, day and the KMS's parameters.
            #expect(try await caller.keys(bob, wanted).map(\.identity) == wanted.map(\.octets))
            let all = try (0..<64).map {
                try dated($0 < 32 ? "bob" : "robert", $0 % 32, domain: $0 < 32 ? "example.com" : "example.net")
            }
            #expect(try await caller.keys(bob, all).count == 64)
            for days in [-31, 32] as [Int64] {
                #expect(try await caller.errorNumber(bob, [dated("bob"), dated("bob", days)]) == 7)
            }
        }
    }

    @Test func givesNobodyTheKeysOfOthers() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            _ = try await caller.enroll(["sip:bob@example.com"])
            let fronts = try await caller.enroll(mailboxDomain: "example.com")
            #expect(try await caller.errorNumber(alice, [dated("alice"), dated("bob")]) == 7)
            #expect(try await caller.errorNumber(alice, [dated("nobody")]) == 7)
            #expect(try await caller.errorNumber(alice, [dated("mailbox")]) == 7)
            #expect(try await caller.errorNumber(fronts, [dated("alice")]) == 7)
            #expect(try await caller.errorNumber(fronts, [dated("mailbox", domain: "example.net")]) == 7)
            #expect(try await caller.errorNumber(fronts, [dated("mailbox")]) == nil)
            #expect(try await caller.errorNumber(alice, [dated("alice")]) == nil)
        }
    }

    @Test func refusesMoreKeysThanItAllows() async throws {
        var kms = try TestKMS()
        defer { kms.remove() }
        kms.settings.policy.maximumKeys = 2
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            #expect(try await caller.errorNumber(alice, [dated("alice"), dated("alice", 1)]) == nil)
            #expect(try await caller.errorNumber(alice, [dated("alice"), dated("alice", 1), dated("alice", 2)]) == 12)
        }
    }

    @Test func saysTheSameOfAnUnknownNameAndOfAWrongKey() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            var (stranger, thief) = (alice, alice)
            stranger.account.pskName = [UInt8](repeating: 7, count: 16)
            thief.account.psk = SecretBytes([UInt8](repeating: 7, count: 32))
            var answers: [[UInt8]] = []
            for user in [stranger, thief] {
                let request = try user.request([dated("alice")], now: caller.now, random: ConstantRandom(octet: 1))
                answers.append(try await caller.send(request.octets))
                #expect(throws: IBAKEError.peerError(0)) {
                    try request.receive(answers.last ?? [], parameters: user.parameters())
                }
            }
            #expect(answers[0] == answers[1])
        }
    }

    @Test func refusesWhatIsStaleOrForAnotherKMS() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            for (milliseconds, number) in [(600_000, nil), (-600_000, nil), (602_000, 1), (-602_000, 1)]
                as [(Int64, UInt8?)]
            {
                let other = TestCaller(
                    channel: caller.channel, token: "", now: caller.now.advanced(byMilliseconds: milliseconds))
                #expect(try await other.errorNumber(alice, [dated("alice")]) == number, "\(milliseconds) ms")
            }
            var confused = alice
            confused.account.kms = Array("sip:kms@example.org".utf8)
            #expect(try await caller.errorNumber(confused, [dated("alice")]) == 7)
        }
    }

    @Test func answersNoMIKEYWithAStatus() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            let good = try alice.request([dated("alice")], now: caller.now).octets
            for octets in [[], Array(good.dropLast()), good + [0]] as [[UInt8]] {
                do {
                    _ = try await caller.send(octets)
                    Issue.record("an answer to \(octets.count) octets")
                } catch let status as RPCStatus {
                    #expect(status.code == .invalidArgument)
                }
            }
        }
    }

    @Test func givesNoKeysForAnAlteredRequest() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            let good = try alice.request([dated("alice"), dated("alice", 1)], now: caller.now).octets
            var generator = SeededGenerator(seed: 4)
            var answered = 0
            for _ in 0..<400 {
                let altered = mutated(good, using: &generator)
                if altered == good { continue }
                do {
                    let answer = try await caller.send(altered)
                    let message = try MIKEY.MIKEYMessage(octets: answer)
                    #expect(message.header.dataType == DataType.error.rawValue, "\(hexadecimal(altered))")
                    answered += 1
                } catch let status as RPCStatus {
                    #expect(status.code == .invalidArgument, "\(hexadecimal(altered))")
                }
            }
            #expect(answered > 50)
            #expect(try kms.auditEntries().allSatisfy { $0.event != .keys || !$0.granted })
            #expect(try await caller.send(good).count > good.count)
        }
    }

    @Test func answersTheSameOctetsInTheSameWay() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            let bob = try await caller.enroll(["sip:bob@example.com"])
            func request(_ user: TestUser, _ wanted: [DatedIdentity]) throws -> [UInt8] {
                try user.request(wanted, now: caller.now, random: ConstantRandom(octet: 5)).octets
            }
            // A refused request leaves no state, so its CSB ID is free.
            let refused = try await caller.send(try request(alice, [dated("bob")]))
            let first = try await caller.send(try request(alice, [dated("alice")]))
            #expect(first.count > 2 * refused.count)
            #expect(try await caller.send(try request(alice, [dated("alice")])) == first)
            // Others with the CSB ID are refused, and do not spoil it.
            let other = try await caller.send(try request(alice, [dated("alice", 1)]))
            #expect(other.count == refused.count)
            #expect(try await caller.send(try request(alice, [dated("alice")])) == first)
            // The CSB ID is alice's; bob may use the same.
            #expect(try await caller.send(try request(bob, [dated("bob")])).count > 2 * refused.count)
            #expect(try kms.auditEntries().filter { $0.event == .keys }.map(\.granted) == [false, true, false, true])
        }
    }

    @Test func shedsWhatItCannotDo() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        let configure: (inout KeyManagementConfiguration) -> Void = { configuration in
            configuration.threadCount = 1
            configuration.queueLimit = 0
        }
        try await kms.serve(configure: configure) { caller in
            let alice = try await caller.enroll(["sip:alice@example.com"])
            let wanted = try (-30...31).map { try dated("alice", $0) }
            var shed: [RPCStatus] = []
            var answered = 0
            await withTaskGroup(of: Swift.Result<Int, any Error>.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        do { return .success(try await caller.keys(alice, wanted).count) } catch {
                            return .failure(error)
                        }
                    }
                }
                for await result in group {
                    switch result {
                    case .success(let count): answered += count == wanted.count ? 1 : 0
                    case .failure(let error): if let status = error as? RPCStatus { shed.append(status) }
                    }
                }
            }
            #expect(answered >= 1)
            #expect(shed.count >= 1)
            #expect(answered + shed.count == 16)
            #expect(shed.allSatisfy { $0.code == .resourceExhausted && ($0.retryAfterMs ?? 0) > 0 })
        }
    }

    @Test func runsUntilItIsCancelled() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        let state = try kms.open()
        let configuration = try kms.configuration()
        let ports = AsyncStream.makeStream(of: Int.self)
        let running = Task {
            try await KeyManagementService.run(
                state: state, configuration: configuration, log: Log(component: "kms") { _ in }
            ) { ports.continuation.yield($0) }
        }
        var iterator = ports.stream.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let channel = try kms.channel(port: port)
        let answer = try await channel.call(Methods.getParameters, GetParametersRequest())
        #expect(answer.parameters == state.parameters)
        running.cancel()
        try await running.value
        do {
            _ = try await channel.call(Methods.getParameters, GetParametersRequest())
            Issue.record("a stopped KMS answers")
        } catch {
            #expect(error.code == .unavailable)
        }
    }

    @Test func saysThatItServesUntilItStops() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        var channel: RPCChannel?
        try await kms.serve { caller in
            channel = caller.channel
            let health = HealthCheckRequest(service: "posterestante.v1.KeyManagement")
            let answer = try await caller.channel.call(Methods.checkHealth, health)
            #expect(answer.status == .serving)
        }
        let closed = try #require(channel)
        do {
            _ = try await closed.call(Methods.getParameters, GetParametersRequest())
            Issue.record("a stopped KMS answers")
        } catch {
            #expect(error.code == .unavailable)
        }
        // What it held it has let go.
        _ = try kms.open()
    }
}
