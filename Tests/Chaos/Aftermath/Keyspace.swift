import Primitives

/// A key of Redis as it stands there.
package struct ScannedKey: Hashable, Sendable {
    /// The key's octets.
    package var name: [UInt8]
    /// What is left of its life, in milliseconds; nil for a key without a time to live.
    package var lifeMs: Int?
    /// The fields of a hash with their values; the members of a sorted set with none.
    package var members: [[UInt8]: [UInt8]]

    package init(name: [UInt8], lifeMs: Int? = nil, members: [[UInt8]: [UInt8]] = [:]) {
        self.name = name
        self.lifeMs = lifeMs
        self.members = members
    }
}

/// Tells what may stand in Redis: what the log explains, a position for each partition, and sessions that end. By docs/log.md. Pure.
package struct Keyspace: Sendable {
    /// How many partitions the topics have.
    package var partitions: Int
    /// What the log says.
    package var log: LogState
    /// The longest life of a session: until 600 s after its day has ended, by a clock that may be 600 s wrong.
    package var longestSessionMs = (86_400 + 1_200) * 1_000

    package init(partitions: Int, log: LogState) {
        self.partitions = partitions
        self.log = log
    }

    /// What nothing explains, with the reason.
    package func orphans(among keys: [ScannedKey]) -> [String] {
        keys.flatMap { key -> [String] in
            let name = String(decoding: key.name, as: UTF8.self)
            guard name.hasPrefix("poste:") else { return ["\(shown(name)): not one of ours"] }
            let rest = name.dropFirst("poste:".count)
            if rest.hasPrefix("session:") { return session(key, name) }
            guard rest.first == "{", let partition = Int(rest.dropFirst().prefix { $0 != "}" }),
                (0..<partitions).contains(partition), rest.hasPrefix("{\(partition)}:"), key.lifeMs == nil
            else { return ["\(shown(name)): no partition has such a key"] }
            let kind = String(rest.dropFirst("{\(partition)}:".count))
            return strangers(kind, key.members).map { "\(shown(name)): \($0)" }
        }
    }

    private func session(_ key: ScannedKey, _ name: String) -> [String] {
        guard let life = key.lifeMs else { return ["\(shown(name)): a session without a time to live"] }
        return life > longestSessionMs ? ["\(shown(name)): a session with \(life) ms to live"] : []
    }

    private func strangers(_ kind: String, _ members: [[UInt8]: [UInt8]]) -> [String] {
        switch kind {
        case "position": return []
        case "envelopes", "deposits":
            return members.keys.filter { !log.waiting.contains($0) }.map { "the deposit \(hexadecimal($0.prefix(16))) is over" }
        case "expiry":
            return members.keys.filter { !log.waiting.contains(Array($0.dropFirst(8))) }
                .map { "the deposit \(hexadecimal($0.dropFirst(8).prefix(16))) is over" }
        case "queue":
            return members.keys.filter { member in
                let length = member.prefix(2).reduce(0) { $0 << 8 | Int($1) }
                let mailbox = member.dropFirst(2).prefix(length)
                return !log.waiting.contains(Array(member.suffix(16)) + mailbox)
            }.map { "the deposit \(hexadecimal($0.suffix(16))) is over" }
        case "usage":
            let there = log.mailboxesWithMail
            return members.keys.map { String(decoding: $0, as: UTF8.self) }.filter { !there.contains($0) }
                .map { "\(shown($0)) has no mail" }
        case "routes":
            return members.flatMap { mailbox, routes in
                let mailbox = String(decoding: mailbox, as: UTF8.self)
                let open = log.open[mailbox] ?? []
                return Self.streams(in: routes).filter { !open.contains($0) }
                    .map { "the stream \(hexadecimal($0)) of \(shown(mailbox)) is closed" }
            }
        case "reachable": return unreachable(members.keys.map { $0[...] })
        case "leases": return unreachable(members.keys.map { $0.dropFirst() })
        // No presence is published in a run.
        case "presence": return members.keys.map { "presence of \(shown(String(decoding: $0, as: UTF8.self))), which nobody published" }
        default: return ["not a key of a view"]
        }
    }

    private func unreachable(_ mailboxes: [ArraySlice<UInt8>]) -> [String] {
        mailboxes.map { String(decoding: $0, as: UTF8.self) }.filter { (log.open[$0] ?? []).isEmpty }
            .map { "no stream of \(shown($0)) is open" }
    }

    /// Of each route: length(2) expires(8) opened(8) stream length(1) stream front.
    private static func streams(in routes: [UInt8]) -> [[UInt8]] {
        var streams: [[UInt8]] = []
        var rest = routes[...]
        while rest.count > 2 {
            let length = rest.prefix(2).reduce(0) { $0 << 8 | Int($1) }
            let route = rest.dropFirst(2).prefix(length)
            rest = rest.dropFirst(2 + length)
            let size = Int(route.dropFirst(16).first ?? 0)
            streams.append(Array(route.dropFirst(17).prefix(size)))
        }
        return streams
    }

    private func shown(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.prefix(60).map { (" "..."~").contains($0) ? $0 : "?" }))
    }
}
