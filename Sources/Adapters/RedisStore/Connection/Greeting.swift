import Mailbox
import Primitives

/// What a new connection says first, and what it learns from the answers: it is let in, this is a Redis, a primary, new
/// enough, and one that keeps what it is given.
struct Greeting: Sendable {
    /// What is expected behind the port.
    enum Part: Sendable {
        /// A primary that holds data.
        case primary
        /// A Sentinel.
        case sentinel
    }

    typealias Check = @Sendable (Reply, RedisEndpoint) -> StoreError?

    static let oldestVersion = 7

    let part: Part
    let user: String?
    let password: SecretBytes?
    let database: Int
    let scripts: [Script]

    /// The commands, each with the check of its answer.
    func steps() -> [(command: Command, check: Check)] {
        var steps: [(command: Command, check: Check)] = []
        func ask(_ command: Command, _ check: @escaping Check) { steps.append((command, check)) }
        if let password {
            // The copies that are made from here on, the last in hiredis's buffer, cannot be wiped.
            let name = user.map { [Array($0.utf8)] } ?? []
            ask(Command("AUTH", name + [password.exposedCopy()]), Self.accepted)
        }
        if database != 0 { ask(Command(words: "SELECT", String(database)), Self.accepted) }
        ask(Command(words: "CLIENT", "SETNAME", "poste"), Self.named)
        ask(Command(words: "INFO", "server"), Self.isRecent)
        guard part == .primary else { return steps }
        ask(Command(words: "ROLE"), Self.isPrimary)
        ask(Command(words: "INFO", "memory"), Self.keepsEverything)
        for script in scripts {
            ask(Command(words: "SCRIPT", "LOAD", script.text)) { reply, endpoint in
                if case .octets(let digest) = reply { script.learn(digest) }
                return Self.accepted(reply, endpoint)
            }
        }
        return steps
    }

    private static func accepted(_ reply: Reply, _ endpoint: RedisEndpoint) -> StoreError? {
        guard case .error(let text) = reply else { return nil }
        return StoreError(refusal: text, at: endpoint)
    }

    /// A name is for those who look at the server; it may be refused.
    private static func named(_ reply: Reply, _ endpoint: RedisEndpoint) -> StoreError? {
        switch reply {
        case .status: nil
        case .error(let text): text.hasPrefix("NOAUTH") ? StoreError(refusal: text, at: endpoint) : nil
        default: StoreError(foreign: "it answers what was not asked", at: endpoint)
        }
    }

    /// An ACL or a provider may forbid to ask; then it is left to the operator.
    private static func isForbidden(_ reply: Reply) -> Bool {
        guard case .error(let text) = reply else { return false }
        return text.hasPrefix("NOPERM") || text.hasPrefix("ERR unknown command")
    }

    private static func isRecent(_ reply: Reply, _ endpoint: RedisEndpoint) -> StoreError? {
        if isForbidden(reply) { return nil }
        if let refusal = accepted(reply, endpoint) { return refusal }
        guard let version = reply.text.flatMap({ field("redis_version", of: $0) }) else {
            return StoreError(foreign: "it does not tell its version", at: endpoint)
        }
        guard let major = version.split(separator: ".").first.flatMap({ Int($0) }), major < oldestVersion else {
            return nil
        }
        return StoreError(
            .misuse, "Redis at \(endpoint) is version \(version), which is too old: install 7.0 or later, or Valkey")
    }

    private static func isPrimary(_ reply: Reply, _ endpoint: RedisEndpoint) -> StoreError? {
        if isForbidden(reply) { return nil }
        if let refusal = accepted(reply, endpoint) { return refusal }
        guard let role = reply.array?.first?.text else {
            return StoreError(foreign: "it does not tell its role", at: endpoint)
        }
        if role == "master" { return nil }
        return StoreError(
            .unavailable,
            role == "slave"
                ? "Redis at \(endpoint) is a replica and takes no writes; name its primary too, or Sentinel"
                : "Redis at \(endpoint) is a \(role); name a primary, or write redis+sentinel:// for Sentinels")
    }

    /// The keys of a partition belong together: a Redis that throws one away to make room breaks the view.
    private static func keepsEverything(_ reply: Reply, _ endpoint: RedisEndpoint) -> StoreError? {
        guard let policy = reply.text.flatMap({ field("maxmemory_policy", of: $0) }), policy.hasPrefix("allkeys")
        else { return nil }
        return StoreError(
            .misuse,
            "Redis at \(endpoint) may throw any key away (maxmemory-policy \(policy)); set maxmemory-policy noeviction")
    }

    /// A field of what INFO answers.
    static func field(_ name: String, of info: String) -> String? {
        for line in info.split(whereSeparator: \.isNewline) where line.hasPrefix(name + ":") {
            return String(line.dropFirst(name.count + 1))
        }
        return nil
    }
}
