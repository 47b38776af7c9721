import Foundation
import Mailbox
import Primitives
import RedisStore
import StoreBehaviour
import TestVectors
import Testing

/// What is wrong with a server is named, with what to do; and what was promised holds when it comes and goes.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is missing: apt install redis-server"))
struct FaultTests {
    @Test func wrongPasswordIsNamed() async throws {
        let server = try RedisServer("--requirepass", "right")
        let right = try server.store(password: "right")
        #expect(await fault { try await right.ping() } == nil)
        let wrong = try server.store(password: "wr0ng-secret")
        let refusal = await fault { try await wrong.ping() }
        #expect(refusal?.kind == .misuse)
        #expect(refusal?.detail.contains("password") == true && refusal?.detail.contains(":\(server.port)") == true)
        #expect(refusal?.detail.contains("wr0ng-secret") == false)
        let none = try server.store()
        #expect(await fault { try await none.ping() }?.kind == .misuse)
        let open = try RedisServer()
        let surplus = try open.store(password: "any")
        #expect(await fault { try await surplus.ping() }?.kind == .misuse)
        let user = try RedisStore(.init(url: "redis://default:right@127.0.0.1:\(server.port)/1"))
        #expect(await fault { try await user.ping() } == nil)
        for store in [right, wrong, none, surplus, user] { await store.close() }
    }

    @Test func nothingBehindThePortIsNamed() async throws {
        let store = try RedisStore(.init(servers: [RedisEndpoint(host: "127.0.0.1", port: RedisServer.sparePort())]))
        let refusal = await fault { try await store.ping() }
        #expect(refusal?.kind == .unavailable)
        #expect(refusal?.detail.contains("cannot be reached") == true)
        await store.close()
        #expect(await fault { try await store.ping() }?.kind == .closed)
    }

    @Test func whatIsNoRedisIsNamed() async throws {
        let sayings = [
            Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), Array(String(repeating: "+OK\r\n", count: 5000).utf8),
            [0x15, 3, 1, 0, 2, 2, 40], Array(String(repeating: "*1\r\n", count: 500).utf8),
            Array(String(repeating: "*1\r\n", count: 3000).utf8) + Array("+x\r\n".utf8),
            Array("$99999999999999999999\r\n".utf8), Array("*-7\r\n:x\r\n".utf8),
        ]
        for saying in sayings {
            let stranger = Stranger(saying: saying)
            let store = try RedisStore(.init(servers: [stranger.endpoint], connectTimeout: .seconds(3)))
            let refusal = await fault { try await store.ping() }
            #expect(
                refusal?.kind == .corrupt, "\(String(decoding: saying.prefix(20), as: UTF8.self)): \(refusal as Any)")
            #expect(refusal?.detail.contains("\(stranger.endpoint)") == true)
            await store.close()
        }
    }

    /// No crash and no hang, whatever is said.
    @Test func anyOctetsFromThePortAreAnError() async throws {
        var random = SeededGenerator(seed: 7)
        let greeting = Array("+OK\r\n$20\r\nredis_version:7.0.15\r\n*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n$-1\r\n".utf8)
        for _ in 0..<40 {
            let stranger = Stranger(saying: mutated(greeting, using: &random))
            let store = try RedisStore(
                .init(
                    servers: [stranger.endpoint], connectTimeout: .milliseconds(30), commandTimeout: .milliseconds(60)))
            #expect(await fault { try await store.ping() } != nil)
            await store.close()
        }
    }

    @Test func silenceIsTimedOut() async throws {
        let stranger = Stranger(saying: [])
        let store = try RedisStore(
            .init(servers: [stranger.endpoint], connectTimeout: .milliseconds(200), commandTimeout: .seconds(5)))
        let begun = ContinuousClock.now
        #expect(await fault { try await store.ping() }?.kind == .unavailable)
        #expect(ContinuousClock.now - begun < .seconds(3))
        await store.close()
    }

    @Test func replicaIsRefused() async throws {
        let primary = try RedisServer()
        let replica = try RedisServer("--replicaof", "127.0.0.1 \(primary.port)")
        let store = try replica.store()
        let refusal = await fault { try await store.ping() }
        #expect(refusal?.kind == .unavailable && refusal?.detail.contains("replica") == true)
        await store.close()
    }

    @Test func fullMemoryTakesNothing() async throws {
        let server = try RedisServer("--maxmemory", "3mb")
        let store = try server.store()
        let ben = try person("ben")
        var reached: UInt64 = 0
        var refusal: StoreError?
        while refusal == nil, reached < 500 {
            let mail = SampleMail(from: try person("anna"), to: ben, seed: reached, length: 20_000)
            let deposit = PendingDeposit(
                offset: reached, envelope: try mail.envelope(receivedAt: UTCTime(milliseconds: 0)))
            refusal = await fault {
                _ = try await store.apply(
                    [.insert(deposit)], to: 0, from: reached == 0 ? nil : position(reached),
                    reaching: position(reached + 1))
            }
            if refusal == nil { reached += 1 }
        }
        #expect(refusal?.kind == .full)
        #expect(refusal?.detail.contains("maxmemory") == true)
        #expect(try await store.position(of: 0) == position(reached))
        #expect(
            try await store.pending(in: ben, partition: 0, after: nil, limit: PageLimit(count: 1000, octets: 1 << 26))
                .deposits.count == Int(reached))
        await store.close()
    }

    @Test func serverThatThrowsKeysAwayIsRefused() async throws {
        let server = try RedisServer("--maxmemory-policy", "allkeys-lru")
        let store = try server.store()
        let refusal = await fault { try await store.ping() }
        #expect(refusal?.kind == .misuse && refusal?.detail.contains("noeviction") == true)
        await store.close()
    }

    @Test func keysOfAnotherProgramAreLeftAlone() async throws {
        let server = try RedisServer()
        let store = try server.store()
        try server.cli("SET", "poste:{0}:queue", "mine")
        let refusal = await fault { _ = try await store.apply([], to: 0, from: nil, reaching: position(1)) }
        #expect(refusal?.kind == .corrupt && refusal?.detail.contains("prefix") == true)
        #expect(try server.cli("GET", "poste:{0}:queue") == "mine")
        await store.close()
    }

    @Test func killedServerFailsCallsUntilItIsBack() async throws {
        let server = try RedisServer()
        let store = try server.store()
        try await store.ping()
        let load = Task {
            var (good, bad) = (0, [StoreError]())
            while !Task.isCancelled {
                let failed = await fault {
                    _ = try await store.add(1, to: sessionKey("n"), lifetime: .seconds(60))
                    good += 1
                }
                if let failed { bad.append(failed) }
                try? await Task.sleep(for: .milliseconds(1))
            }
            return (good, bad)
        }
        #expect(
            await patiently(10) {
                guard try await store.add(0, to: sessionKey("n"), lifetime: .seconds(60)) > 10 else {
                    throw StoreError(.unavailable, "not yet")
                }
            } == nil)
        server.kill()
        #expect(await fault { _ = try await store.position(of: 0) }?.kind == .unavailable)
        try await Task.sleep(for: .milliseconds(150))
        try server.restart()
        #expect(await patiently(5) { _ = try await store.value(of: sessionKey("n")) } == nil)
        #expect(try await store.position(of: 0) == nil)
        try await Task.sleep(for: .milliseconds(100))
        load.cancel()
        let (good, bad) = await load.value
        #expect(good > 10)
        #expect(!bad.isEmpty && bad.allSatisfy { $0.kind == .unavailable })
        await store.close()
    }

    @Test func stoppedServerIsTimedOutAndUsedAgain() async throws {
        let server = try RedisServer()
        let store = try server.store(command: .milliseconds(300))
        #expect(await patiently(10) { try await store.ping() } == nil)
        server.signal(SIGSTOP)
        let begun = ContinuousClock.now
        #expect(await fault { _ = try await store.value(of: sessionKey("x")) }?.kind == .unavailable)
        #expect(ContinuousClock.now - begun >= .milliseconds(290))
        #expect(ContinuousClock.now - begun < .seconds(3))
        server.signal(SIGCONT)
        #expect(await patiently(5) { _ = try await store.value(of: sessionKey("x")) } == nil)
        await store.close()
    }

    @Test func wipedServerHasNoView() async throws {
        let server = try RedisServer()
        let store = try server.store()
        #expect(try await store.apply([], to: 3, from: nil, reaching: position(1)))
        try server.cli("FLUSHALL")
        #expect(try await store.position(of: 3) == nil)
        #expect(try await !store.apply([], to: 3, from: position(1), reaching: position(2)))
        try server.cli("SCRIPT", "FLUSH")
        #expect(try await store.apply([], to: 3, from: nil, reaching: position(1)))
        await store.close()
    }
}
