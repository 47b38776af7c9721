import Mailbox
import Synchronization

/// Asks Sentinels where the primary is.
final class Sentinels: Sendable {
    private let name: String
    private let connections: [Connection]
    /// The Sentinel that answered last is asked first.
    private let preferred = Mutex(0)

    init(_ sentinels: [RedisEndpoint], name: String, greeting: Greeting, limits: Connection.Limits) {
        self.name = name
        connections = sentinels.map { endpoint in
            Connection(label: "poste.redis.sentinel", greeting: greeting, limits: limits) { .success([endpoint]) }
        }
    }

    func primary() async -> Result<[RedisEndpoint], StoreError> {
        let first = preferred.withLock { $0 }
        var last = StoreError(.misuse, "no Sentinel was named; name one in the URL")
        for step in connections.indices {
            let index = (first + step) % connections.count
            do throws(StoreError) {
                let command = Command(words: "SENTINEL", "get-master-addr-by-name", name)
                let reply = try await connections[index].send(command)
                if let parts = reply.array, parts.count == 2, let host = parts[0].text,
                    let port = parts[1].text.flatMap({ Int($0) })
                {
                    preferred.withLock { $0 = index }
                    return .success([RedisEndpoint(host: host, port: port)])
                }
                let answer = if case .error(let text) = reply { text } else { "no such name" }
                last = StoreError(
                    .unavailable, "Sentinel does not know the primary \(name) (\(answer)); correct the name in the URL")
            } catch {
                last = error
            }
        }
        return .failure(last)
    }

    func close() {
        for connection in connections { connection.close() }
    }
}
