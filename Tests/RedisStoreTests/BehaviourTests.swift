import Foundation
import Mailbox
import RedisStore
import StoreBehaviour
import Testing

/// Redis does what the ports promise.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is missing: apt install redis-server"))
struct BehaviourTests {
    @Test func view() async throws {
        let server = try RedisServer()
        let store = try server.store()
        try await ViewBehaviour(store, partitionCount: 3).check()
        await store.close()
    }

    @Test func sessions() async throws {
        let server = try RedisServer()
        let store = try server.store()
        try await SessionBehaviour(store).check()
        await store.close()
    }
}
