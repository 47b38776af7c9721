import Mailbox
import Primitives

/// What became of a connection to Redis.
public enum RedisConnectionEvent: Sendable, Hashable {
    /// It is there, and ready.
    case opened
    /// It was there, and is not any more.
    case closed
    /// None could be made.
    case failed
}

extension RedisStore {
    /// Where Redis is, and how long to wait for it.
    public struct Configuration: Sendable {
        /// The servers: those of which one is the primary, some nodes of a cluster, or the Sentinels.
        public var servers: [RedisEndpoint]
        /// The primary's name, where `servers` are Sentinels.
        public var sentinelName: String?
        /// The user, or none for Redis's default user.
        public var user: String?
        /// The user's password.
        public var password: SecretBytes?
        /// The Sentinels' password.
        public var sentinelPassword: SecretBytes?
        /// The number of the database; 0 in a cluster.
        public var database: Int
        /// What all keys begin with; no braces.
        public var prefix: String
        /// How long one server may take to let us in.
        public var connectTimeout: Duration
        /// How long a command may wait for a connection, and then without any answer from the server.
        public var commandTimeout: Duration
        /// Told what becomes of connections, on a queue of each; must return soon.
        public var observe: @Sendable (RedisConnectionEvent) -> Void = { _ in }

        /// A configuration from its parts.
        public init(
            servers: [RedisEndpoint], sentinelName: String? = nil, user: String? = nil, password: SecretBytes? = nil,
            sentinelPassword: SecretBytes? = nil, database: Int = 0, prefix: String = "poste:",
            connectTimeout: Duration = .seconds(2), commandTimeout: Duration = .seconds(3)
        ) {
            self.servers = servers
            self.sentinelName = sentinelName
            self.user = user
            self.password = password
            self.sentinelPassword = sentinelPassword
            self.database = database
            self.prefix = prefix
            self.connectTimeout = connectTimeout
            self.commandTimeout = commandTimeout
        }

        /// Reads a URL:
        ///
        ///     redis://[[user]:password@]host[:6379][,host…][/database]
        ///     redis+sentinel://[[user]:password@]host[:26379][,host…]/name[/database]
        ///
        /// User, password and name may have octets written as `%2F`. Of several hosts of the first form that one is
        /// used that is the primary, or they are nodes of one cluster.
        /// - Throws: `StoreError.misuse` where the text is anything else; the message has no password in it.
        public init(url: String) throws(StoreError) {
            guard let separator = url.firstRange(of: "://") else { throw Self.wrong("it does not begin with redis://") }
            let scheme = url[..<separator.lowerBound]
            var rest = url[separator.upperBound...]
            let isSentinel = scheme == "redis+sentinel"
            guard isSentinel || scheme == "redis" else {
                throw Self.wrong(
                    scheme == "rediss"
                        ? "TLS is not spoken here; put a TLS proxy beside it"
                        : "\(scheme) is neither redis nor redis+sentinel")
            }
            self.init(servers: [])
            if let at = rest.lastIndex(of: "@") {
                try readCredentials(rest[..<at])
                rest = rest[rest.index(after: at)...]
            }
            var path = rest.split(separator: "/", omittingEmptySubsequences: false)[...]
            let hosts = path.popFirst() ?? ""
            servers = try hosts.split(separator: ",", omittingEmptySubsequences: false).map { text throws(StoreError) in
                guard !text.isEmpty, let endpoint = RedisEndpoint(text, defaultPort: isSentinel ? 26_379 : 6379) else {
                    throw Self.wrong("\"\(text)\" is not a host and a port")
                }
                return endpoint
            }
            if isSentinel {
                guard let name = path.popFirst(), !name.isEmpty else {
                    throw Self.wrong("the name of the primary is missing after the Sentinels")
                }
                sentinelName = String(decoding: try Self.decode(name), as: UTF8.self)
            }
            if let number = path.popFirst(), !number.isEmpty {
                guard let database = Int(number), database >= 0 else {
                    throw Self.wrong("\"\(number)\" is not the number of a database")
                }
                self.database = database
            }
            guard path.isEmpty else { throw Self.wrong("there is something behind the database") }
            try check()
        }

        private mutating func readCredentials(_ text: Substring) throws(StoreError) {
            guard let colon = text.firstIndex(of: ":") else {
                throw Self.wrong("a password is written as :password@ or user:password@")
            }
            let name = try Self.decode(text[..<colon])
            user = name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
            password = SecretBytes(try Self.decode(text[text.index(after: colon)...]))
        }

        /// Octets from text in which some are written as % and two digits.
        private static func decode(_ text: Substring) throws(StoreError) -> [UInt8] {
            var octets: [UInt8] = []
            var rest = Array(text.utf8)[...]
            while let octet = rest.popFirst() {
                guard octet == UInt8(ascii: "%") else {
                    octets.append(octet)
                    continue
                }
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { throw wrong("a % without two hex digits behind it; write the sign itself as %25") }
                octets.append(value)
                rest = rest.dropFirst(2)
            }
            return octets
        }

        private static func wrong(_ reason: String) -> StoreError {
            StoreError(
                .misuse,
                "this is no URL of a Redis: \(reason); write redis://[:password@]host:port[/database] or "
                    + "redis+sentinel://[:password@]host:port,host:port/name")
        }

        func check() throws(StoreError) {
            guard !servers.isEmpty else { throw Self.wrong("no host is named") }
            guard !prefix.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) else {
                throw StoreError(
                    .misuse, "the prefix of Redis's keys has braces, which Redis Cluster reads; leave them out")
            }
            guard connectTimeout > .zero, commandTimeout > .zero else {
                throw StoreError(.misuse, "a time-out for Redis is not positive; 2 and 3 seconds are usual")
            }
        }
    }
}
