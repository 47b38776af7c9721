import Mailbox
import Synchronization

/// Finds the server of a key: the one that is configured, or in a Redis Cluster the node that holds its slot, as the
/// nodes themselves tell (MOVED, ASK).
final class Router: Sendable {
    /// Calls that must not wait for each other's octets have connections of their own.
    enum Lane: Int, Sendable, CaseIterable {
        /// Positions, excerpts and changes of the view.
        case view
        /// Pages of mailboxes, which may be large.
        case pages
        /// Handshakes, sessions and counters.
        case sessions
    }

    private struct State {
        var nodes: [RedisEndpoint: [Connection]] = [:]
        var owners: [Slot: RedisEndpoint] = [:]
        var isClosed = false
    }

    private static let redirectionLimit = 8
    private static let nodeLimit = 1000

    private let greeting: Greeting
    private let limits: Connection.Limits
    private let observe: @Sendable (RedisConnectionEvent) -> Void
    private let sentinels: Sentinels?
    private let home: [Connection]
    /// For messages: what is configured.
    let servers: String
    private let firstHost: String
    private let state = Mutex(State())

    init(_ configuration: RedisStore.Configuration, scripts: [Script]) {
        let limits = Connection.Limits(connect: configuration.connectTimeout, command: configuration.commandTimeout)
        let greeting = Greeting(
            part: .primary, user: configuration.user, password: configuration.password,
            database: configuration.database, scripts: scripts)
        let servers = configuration.servers
        var sentinels: Sentinels?
        if let name = configuration.sentinelName {
            let polite = Greeting(
                part: .sentinel, user: nil, password: configuration.sentinelPassword, database: 0, scripts: [])
            sentinels = Sentinels(servers, name: name, greeting: polite, limits: limits)
        }
        let observe = configuration.observe
        self.observe = observe
        self.greeting = greeting
        self.limits = limits
        self.servers = servers.map(\.description).joined(separator: ", ")
        firstHost = servers.first?.host ?? ""
        self.sentinels = sentinels
        let found = sentinels
        home = Lane.allCases.map { lane in
            Connection(label: "poste.redis.\(lane)", greeting: greeting, limits: limits, observe: observe) {
                if let found { await found.primary() } else { .success(servers) }
            }
        }
    }

    /// Sends a command to where its key is.
    /// - Throws: `StoreError`, for a refusal too.
    func send(_ command: Command, key: [UInt8], lane: Lane) async throws(StoreError) -> Reply {
        try accepted(try await route(command, key: key, lane: lane))
    }

    /// Runs a script where its keys are; all keys have one slot.
    func run(
        _ script: Script, keys: [[UInt8]], arguments: [[UInt8]], lane: Lane
    ) async throws(StoreError) -> Reply {
        let first = keys.first ?? []
        let reply = try await route(script.call(keys: keys, arguments: arguments), key: first, lane: lane)
        guard case .error(let text) = reply, text.hasPrefix("NOSCRIPT") else { return try accepted(reply) }
        return try accepted(
            try await route(script.callByText(keys: keys, arguments: arguments), key: first, lane: lane))
    }

    /// Follows the nodes of a cluster; gives the first answer that sends nowhere else, refusals too.
    private func route(_ command: Command, key: [UInt8], lane: Lane) async throws(StoreError) -> Reply {
        let slot = Slot(of: key)
        var command = command
        var asked: RedisEndpoint?
        for _ in 0..<Self.redirectionLimit {
            let endpoint = asked ?? state.withLock { $0.owners[slot] }
            let reply = try await send(command, to: endpoint, lane: lane)
            command.isAsking = false
            asked = nil
            guard case .error(let text) = reply else { return reply }
            let words = text.split(separator: " ")
            guard words.count == 3, words[0] == "MOVED" || words[0] == "ASK" else { return reply }
            guard let next = redirection(words[2], from: endpoint) else {
                throw StoreError(.unavailable, "the cluster of \(servers) sends to \(words[2]), which is no address")
            }
            if words[0] == "ASK" {
                asked = next
                command.isAsking = true
            } else {
                state.withLock { $0.owners[slot] = next }
            }
        }
        throw StoreError(
            .unavailable, "the cluster of \(servers) sends from node to node; try again when it is settled")
    }

    private func accepted(_ reply: Reply) throws(StoreError) -> Reply {
        guard case .error(let text) = reply else { return reply }
        throw StoreError(refusal: text, at: servers)
    }

    /// Every server that holds keys: in a Redis Cluster each of its primaries, whether or not this process has keys there; else the
    /// one that is configured, nil.
    func primaries() async throws(StoreError) -> [RedisEndpoint?] {
        let reply = try await send(Command(words: "CLUSTER", "SLOTS"), to: nil, lane: .view)
        if case .error(let text) = reply {
            // Of what is no cluster, or does not tell.
            guard !state.withLock({ $0.owners.isEmpty }) else { return [nil] }
            throw StoreError(refusal: text, at: servers)
        }
        // Of each range of slots: first, last, and of its primary host, port and more, then the same of its replicas.
        let primaries = Set(
            (reply.array ?? []).compactMap { range in
                range.array.flatMap { $0.count > 2 ? $0[2].array : nil }.flatMap(endpoint)
            })
        guard !primaries.isEmpty else {
            throw StoreError(
                .unavailable, "no node of the cluster of \(servers) has any slots; try again when it is settled")
        }
        return Array(primaries)
    }

    private func endpoint(_ node: [Reply]) -> RedisEndpoint? {
        guard node.count > 1, let port = node[1].integer else { return nil }
        let host = node[0].text ?? ""
        return RedisEndpoint(host: host.isEmpty ? firstHost : host, port: Int(port))
    }

    /// Makes the connections, so that what is wrong with them is told at once.
    func ping() async throws(StoreError) {
        for lane in Lane.allCases {
            _ = try accepted(try await send(Command(words: "PING"), to: nil, lane: lane))
        }
    }

    func close() {
        let nodes = state.withLock { state in
            state.isClosed = true
            defer { state.nodes = [:] }
            return Array(state.nodes.values)
        }
        for connection in nodes.joined() { connection.close() }
        for connection in home { connection.close() }
        sentinels?.close()
    }

    /// An empty host is that of the node that said so.
    private func redirection(_ text: Substring, from endpoint: RedisEndpoint?) -> RedisEndpoint? {
        guard var next = RedisEndpoint(text) else { return nil }
        if next.host.isEmpty { next.host = endpoint?.host ?? firstHost }
        return next
    }

    /// Sends a command to one server; nil is the one that is configured.
    func send(
        _ command: Command, to endpoint: RedisEndpoint?, lane: Lane
    ) async throws(StoreError) -> Reply {
        guard let endpoint else { return try await home[lane.rawValue].send(command) }
        guard let connection = node(endpoint)?[lane.rawValue] else {
            throw StoreError(.closed, "the store in Redis at \(servers) was closed")
        }
        do throws(StoreError) {
            return try await connection.send(command)
        } catch {
            // The node may be gone, and its slots elsewhere: ask those that are configured.
            state.withLock { state in state.owners = state.owners.filter { $0.value != endpoint } }
            throw error
        }
    }

    private func node(_ endpoint: RedisEndpoint) -> [Connection]? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            if let node = state.nodes[endpoint] { return node }
            guard state.nodes.count < Self.nodeLimit else { return nil }
            let node = Lane.allCases.map { lane in
                Connection(
                    label: "poste.redis.\(endpoint).\(lane)", greeting: greeting, limits: limits, observe: observe
                ) {
                    .success([endpoint])
                }
            }
            state.nodes[endpoint] = node
            return node
        }
    }
}
