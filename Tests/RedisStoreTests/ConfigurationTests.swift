import Mailbox
import RedisStore
import Testing

/// URLs say where Redis is, and a wrong one says what is wrong, without its password.
struct ConfigurationTests {
    @Test func urlsAreRead() throws {
        let plain = try RedisStore.Configuration(url: "redis://redis.example")
        #expect(plain.servers == [RedisEndpoint(host: "redis.example", port: 6379)])
        #expect(plain.password == nil && plain.database == 0 && plain.sentinelName == nil)
        let full = try RedisStore.Configuration(url: "redis://poste:p%40ss%2f@[::1]:7000,b:7001/3")
        #expect(full.servers == [RedisEndpoint(host: "::1", port: 7000), RedisEndpoint(host: "b", port: 7001)])
        #expect(full.user == "poste" && full.password?.exposedCopy() == Array("p@ss/".utf8) && full.database == 3)
        let sentinel = try RedisStore.Configuration(url: "redis+sentinel://:x@s1,s2:5/mail/2")
        #expect(sentinel.servers == [RedisEndpoint(host: "s1", port: 26_379), RedisEndpoint(host: "s2", port: 5)])
        #expect(sentinel.sentinelName == "mail" && sentinel.database == 2 && sentinel.user == nil)
    }

    @Test func wrongURLsAreNamed() throws {
        let wrong = [
            "", "redis", "http://a", "rediss://a", "redis://", "redis://a:b:c:", "redis://a:0", "redis://a:65536",
            "redis://a,", "redis://sEcReT@a", "redis://:sEcReT%4@a", "redis://:sEcReT@a/x", "redis://a/-1",
            "redis://a/1/2", "redis+sentinel://a", "redis+sentinel://a//1",
        ]
        for url in wrong {
            #expect {
                _ = try RedisStore.Configuration(url: url)
            } throws: { error in
                guard let error = error as? StoreError else { return false }
                return error.kind == .misuse && !error.detail.contains("sEcReT")
            }
        }
        #expect(throws: StoreError.self) {
            _ = try RedisStore(.init(servers: [RedisEndpoint(host: "a")], prefix: "{x}"))
        }
        let secret = try RedisStore.Configuration(url: "redis://:sEcReT@a")
        #expect(!"\(secret)".contains("sEcReT"))
    }
}
