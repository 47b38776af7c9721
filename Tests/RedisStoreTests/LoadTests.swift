import Foundation
import Mailbox
import Primitives
import RedisStore
import StoreBehaviour
import Testing

/// Many at once, large ones, and any octets.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is missing: apt install redis-server"))
struct LoadTests {
    let now = UTCTime(milliseconds: 1_796_117_402_000)

    /// Two owners of a partition race from where each last saw the view: each step is made by one of them.
    @Test func ofTwoOwnersOneGoesOn() async throws {
        let server = try RedisServer()
        let owners = [try server.store(), try server.store()]
        let wins = try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for owner in owners {
                group.addTask {
                    var wins: [UInt64] = []
                    while true {
                        let at = try await owner.position(of: 0)
                        let next = (at?.next.envelopes ?? 0) + 1
                        if next > 300 { return wins }
                        if try await owner.apply([], to: 0, from: at, reaching: position(next)) { wins.append(next) }
                    }
                }
            }
            return try await group.reduce(into: [UInt64]()) { $0 += $1 }
        }
        #expect(wins.sorted() == Array(1...300))
        for owner in owners { await owner.close() }
    }

    @Test func tenThousandCommandsArePipelinedAndAnsweredInOrder() async throws {
        let server = try RedisServer()
        let store = try server.store()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<10_000 {
                group.addTask {
                    let octets = Array("value \(number)".utf8)
                    let key = sessionKey("key \(number)")
                    let outcome = try await store.exchange(key, from: nil, to: octets, lifetime: .seconds(60))
                    #expect(outcome == .done)
                    let value = try await store.value(of: key)
                    #expect(value == octets)
                }
            }
            try await group.waitForAll()
        }
        #expect(try server.cli("DBSIZE") == "10000")
        await store.close()
    }

    @Test func allOctetsAndLargeValuesComeBack() async throws {
        let server = try RedisServer()
        let store = try server.store()
        let all = (0...255).map { UInt8($0) }
        let large = SampleMail(from: try person("a"), to: try person("b"), seed: 1).octets(1 << 20, purpose: "large")
        for (index, octets) in [all, large, [], [0], Array("\r\n$-1\r\n".utf8)].enumerated() {
            let key = SessionKey(kind: .session, name: all + [UInt8(index)])
            #expect(try await store.exchange(key, from: nil, to: octets, lifetime: .seconds(60)) == .done)
            #expect(try await store.value(of: key) == octets)
            #expect(try await store.exchange(key, from: all + [1], to: [], lifetime: .seconds(60)) == .found(octets))
            #expect(try await store.exchange(key, from: octets, to: [7], lifetime: .seconds(60)) == .done)
            try await store.remove(key)
        }
        #expect(try await store.add(.max, to: sessionKey("c"), lifetime: .seconds(60)) == UInt64(Int64.max))
        #expect(try await store.add(5, to: sessionKey("c"), lifetime: .seconds(60)) == UInt64(Int64.max))
        await store.close()
    }

    @Test func largeBatchIsOneStepAndATooLargeOneIsRefused() async throws {
        let server = try RedisServer()
        let store = try server.store(command: .seconds(20))
        let ben = try person("ben")
        func deposits(_ count: UInt64, length: Int) throws -> [PendingDeposit] {
            try (0..<count).map {
                let mail = SampleMail(from: try person("anna"), to: ben, seed: $0, length: length)
                // Beyond 53 bits, where a sorted set's scores would not tell neighbours apart.
                return PendingDeposit(offset: UInt64.max - 10_000 + $0, envelope: try mail.envelope(receivedAt: now))
            }
        }
        let many = try deposits(3000, length: 1000)
        #expect(try await store.apply(many.map(ViewChange.insert), to: 0, from: nil, reaching: position(1)))
        let page = try await store.pending(
            in: ben, partition: 0, after: many[1499].offset, limit: PageLimit(count: 5000, octets: 1 << 26))
        #expect(page == PendingPage(deposits: Array(many[1500...]), position: position(1)))
        let huge = try deposits(40, length: 500_000)
        let refusal = await fault {
            _ = try await store.apply(
                huge.map(ViewChange.insert), to: 0, from: position(1), reaching: position(2))
        }
        #expect(refusal?.kind == .tooLarge)
        #expect(try await store.position(of: 0) == position(1))
        #expect(try await store.discard(partition: 0, at: position(1)))
        #expect(try server.cli("DBSIZE") == "0")
        await store.close()
    }

    /// What leaves the view leaves no key behind, and leases that expired long ago go by themselves.
    @Test func nothingIsLeftOfWhatIsOver() async throws {
        let server = try RedisServer()
        let store = try server.store()
        let (ben, eve) = (try person("ben"), try person("eve"))
        let deposit = PendingDeposit(
            offset: 1, envelope: try SampleMail(from: eve, to: ben, seed: 1).envelope(receivedAt: now))
        let soon = now.advanced(byMilliseconds: 1000)
        let route = Route(front: "f:1", stream: try StreamID(octets: [1]), openedAt: now, expiresAt: soon)
        let presence = Presence(isOpen: true, contact: "c:1", timestamp: now, expiresAt: soon)
        let changes: [ViewChange] = [
            .insert(deposit), .usage(ben, MailboxUsage(count: 1, octets: 36)), .route(ben, route),
            .presence(eve, presence),
        ]
        #expect(try await store.apply(changes, to: 0, from: nil, reaching: position(1)))
        #expect(try server.cli("DBSIZE") == "10")
        var later = position(2)
        later.asOf = now.advanced(byMilliseconds: 3_600_000)
        let over: [ViewChange] = [.remove(deposit.known), .usage(ben, MailboxUsage())]
        #expect(try await store.apply(over, to: 0, from: position(1), reaching: later))
        #expect(try server.cli("KEYS", "*") == "poste:{0}:position")
        await store.close()
    }

    /// The ESK of a removed deposit is out of the append-only file and the snapshot once they are compacted.
    @Test func removedKeysLeaveTheFilesWithCompaction() async throws {
        let server = try RedisServer("--appendonly", "yes", "--appendfsync", "always", "--save", "3600 1")
        let store = try server.store()
        let ben = try person("ben")
        let mail = SampleMail(from: try person("anna"), to: ben, seed: 9)
        let deposit = PendingDeposit(offset: 1, envelope: try mail.envelope(receivedAt: now))
        #expect(try await store.apply([.insert(deposit)], to: 0, from: nil, reaching: position(1)))
        #expect(try await store.compact(waitingUpTo: .seconds(10)))
        // Redis compresses snapshots: octets that do not repeat come in runs of up to 32.
        let esk = (0..<40).map { Array(mail.encryptedKey[(100 + $0)..<(112 + $0)]) }
        #expect(try server.contains(esk))
        #expect(try await store.apply([.remove(deposit.known)], to: 0, from: position(1), reaching: position(2)))
        #expect(try server.contains(esk))
        #expect(try await store.compact(waitingUpTo: .seconds(10)))
        // Redis removes the old file on a thread of its own.
        for _ in 0..<100 {
            guard try server.contains(esk) else { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try !server.contains(esk))
        try server.restart()
        #expect(await patiently(5) { _ = try await store.position(of: 0) } == nil)
        #expect(try await store.position(of: 0) == position(2))
        await store.close()
    }
}
