/// Where a server listens.
public struct RedisEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address.
    public var host: String
    /// The TCP port.
    public var port: Int

    /// An endpoint from its parts.
    public init(host: String, port: Int = 6379) {
        self.host = host
        self.port = port
    }

    /// Reads `host`, `host:port` or `[IPv6 address]:port`; none where it is anything else.
    public init?(_ text: some StringProtocol, defaultPort: Int = 6379) {
        var host = String(text)
        var port = defaultPort
        if let close = host.lastIndex(of: "]"), host.hasPrefix("[") {
            let rest = host[host.index(after: close)...]
            host = String(host[host.index(after: host.startIndex)..<close])
            if !rest.isEmpty {
                guard rest.hasPrefix(":"), let number = Int(rest.dropFirst()) else { return nil }
                port = number
            }
        } else if let colon = host.lastIndex(of: ":") {
            guard let number = Int(host[host.index(after: colon)...]) else { return nil }
            port = number
            host = String(host[..<colon])
        }
        guard (1...65_535).contains(port), !host.utf8.contains(0) else { return nil }
        self.init(host: host, port: port)
    }

    /// `host:port`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
