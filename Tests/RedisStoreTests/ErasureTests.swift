import Foundation
import RedisStore
import Testing

/// The files of a Redis that several workers share.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is missing: apt install redis-server"))
struct ErasureTests {
    private func rewrites(_ server: RedisServer) throws -> Int? {
        let line = try server.cli("INFO", "persistence").split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("aof_rewrites:") }
        return line.flatMap { Int($0.dropFirst("aof_rewrites:".count)) }
    }

    @Test func filesAreWrittenAnewOnceForAllWhoAsk() async throws {
        let server = try RedisServer("--appendonly", "yes", "--appendfsync", "always")
        let workers = try (0..<4).map { _ in try server.store() }
        try server.cli("SET", "secret", "0123456789abcdef")
        try server.cli("DEL", "secret")
        let secret = [Array("0123456789abcdef".utf8)]
        #expect(try server.contains(secret))
        // All at once: one has its turn, and the others ask again.
        let ages = try await withThrowingTaskGroup(of: Duration?.self) { group in
            for worker in workers { group.addTask { try await worker.erase(removedFor: .milliseconds(1)) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ages.contains { $0 != nil })
        for worker in workers {
            let begun = try #require(try await worker.erase(removedFor: .seconds(60)))
            #expect(begun > .zero && begun < .seconds(30))
        }
        #expect(try rewrites(server) == 1)
        for _ in 0..<100 {
            guard try server.contains(secret) else { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try !server.contains(secret))
        // What was removed after that is another matter.
        try await Task.sleep(for: .milliseconds(20))
        #expect(try await workers[0].erase(removedFor: .milliseconds(1)) != nil)
        #expect(try rewrites(server) == 2)
        for worker in workers { await worker.close() }
    }

    @Test func serverWithoutFilesHasNothingToDo() async throws {
        let server = try RedisServer()
        let store = try server.store()
        #expect(try await store.erase(removedFor: .seconds(1)) != nil)
        #expect(try rewrites(server) == 0)
        await store.close()
    }

    @Test func turnOfOneWhoDiedPasses() async throws {
        let server = try RedisServer("--appendonly", "yes")
        let store = try server.store()
        try server.cli("SET", "poste:erasing", "1", "PX", "300")
        #expect(try await store.erase(removedFor: .zero) == nil)
        try await Task.sleep(for: .milliseconds(400))
        #expect(try await store.erase(removedFor: .zero) != nil)
        await store.close()
    }
}
