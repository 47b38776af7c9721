import RPC
import Synchronization

/// The channels to the services of a profile. Made when they are needed, and anew where the endpoints have changed.
final class Services: Sendable {
    private struct State {
        var endpoints: Endpoints?
        var channels: [String: RPCChannel] = [:]
    }

    private let source: EndpointSource
    private let state = Mutex(State())

    init(_ source: EndpointSource) { self.source = source }

    /// The KMS's channel. Throws `MailboxClientError`.
    func kms() throws -> RPCChannel {
        try state.withLock { state in
            let endpoints = try self.endpoints(&state)
            return try channel(endpoints.kms, endpoints.roots, &state)
        }
    }

    /// The channel of one of the fronts; numbers go round. Throws `MailboxClientError`.
    func front(_ number: Int) throws -> RPCChannel {
        try state.withLock { state in
            let endpoints = try self.endpoints(&state)
            guard !endpoints.fronts.isEmpty else {
                throw MailboxClientError.unavailable(
                    service: "mailbox", reason: "no front is known; give one with --front")
            }
            return try channel(endpoints.fronts[number % endpoints.fronts.count], endpoints.roots, &state)
        }
    }

    /// Looks up the endpoints again at the next call: after a failure, since a server may have come back elsewhere.
    func refresh() {
        state.withLock { $0.endpoints = nil }
    }

    private func endpoints(_ state: inout State) throws -> Endpoints {
        if let known = state.endpoints { return known }
        let endpoints = try source.current()
        let needed = Set(([endpoints.kms] + endpoints.fronts).map { Self.key($0, endpoints.roots) })
        state.channels = state.channels.filter { needed.contains($0.key) }
        state.endpoints = endpoints
        return endpoints
    }

    private func channel(_ address: String, _ roots: String, _ state: inout State) throws -> RPCChannel {
        let key = Self.key(address, roots)
        if let channel = state.channels[key] { return channel }
        let channel = try Self.connect(address, roots: roots)
        state.channels[key] = channel
        return channel
    }

    private static func key(_ address: String, _ roots: String) -> String { "\(address)\n\(roots)" }

    /// A channel to `HOST:PORT`, of which nothing is known yet. Throws `MailboxClientError.unusable`.
    static func connect(_ address: String, roots: String) throws -> RPCChannel {
        guard let place = RPCAddress(address), place.port > 0 else {
            throw MailboxClientError.unusable(what: address, reason: "not an address; it has the form HOST:PORT")
        }
        var configuration = RPCChannelConfiguration(
            host: place.host, port: place.port, security: .tls(rootsPEM: roots))
        // A server that comes back is found soon: who waits is a person.
        configuration.longestBackoff = .seconds(1)
        // A front that is frozen, or whose network is gone, is given up after 7 s: there are others.
        configuration.keepalive = .seconds(4)
        configuration.keepaliveTimeout = .seconds(3)
        do {
            return try RPCChannel(configuration)
        } catch {
            throw MailboxClientError.unusable(what: "the roots for \(address)", reason: "\(error)")
        }
    }
}
