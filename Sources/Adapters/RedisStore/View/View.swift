import IdentityBasedEncryption
import Mailbox
import Primitives

extension RedisStore: MailboxView {
    /// How much longer than their time expired routes and presences are kept: the clocks of two workers may be minutes
    /// apart.
    private static let leaseGraceMs: Int64 = 600_000

    /// See `MailboxView`. A view that has lost one of its keys counts as none, and what is left of it is removed.
    public func position(of partition: Int) async throws(StoreError) -> ViewPosition? {
        try position(try await run(ViewScripts.position, partition, []))
    }

    /// See `MailboxView`.
    public func excerpt(_ needs: ViewNeeds, of partition: Int) async throws(StoreError) -> ViewExcerpt {
        let (deposits, usage, presence) = (Array(needs.deposits), Array(needs.usage), Array(needs.presence))
        let arguments =
            [ViewCoding.decimal(deposits.count), ViewCoding.decimal(usage.count)] + deposits.map(\.octets)
            + usage.map(\.octets) + presence.map(\.octets)
        let parts = try array(try await run(ViewScripts.excerpt, partition, arguments))
        guard parts.count == 4 else { throw ViewCoding.damaged }
        var excerpt = ViewExcerpt(position: try position(parts[0]))
        for (key, octets) in try found(deposits, parts[1]) {
            excerpt.deposits[key] = try ViewCoding.known(octets, key: key)
        }
        for (mailbox, octets) in try found(usage, parts[2]) { excerpt.usage[mailbox] = try ViewCoding.usage(octets) }
        for (mailbox, octets) in try found(presence, parts[3]) {
            excerpt.presence[mailbox] = try ViewCoding.presence(octets)
        }
        return excerpt
    }

    /// See `MailboxView`. All changes are one script call.
    /// - Throws: `StoreError.tooLarge` where they have more than `batchLimit` octets: fold fewer records at a time.
    public func apply(
        _ changes: [ViewChange], to partition: Int, from: ViewPosition?, reaching: ViewPosition
    ) async throws(StoreError) -> Bool {
        let leases = reaching.asOf.milliseconds.subtractingReportingOverflow(Self.leaseGraceMs)
        var arguments = [
            from?.octets ?? [], reaching.octets, ViewCoding.decimal(leases.overflow ? 0 : leases.partialValue),
        ]
        for change in changes { arguments += ViewCoding.encode(change) }
        let size = arguments.reduce(0) { $0 + $1.count }
        guard size <= Self.batchLimit else {
            throw StoreError(
                .tooLarge,
                "\(changes.count) changes of \(size) octets exceed one step in Redis, \(Self.batchLimit); "
                    + "fold fewer records at a time")
        }
        return try flag(try await run(ViewScripts.apply, partition, arguments))
    }

    /// See `MailboxView`.
    public func discard(partition: Int, at position: ViewPosition?) async throws(StoreError) -> Bool {
        try flag(try await run(ViewScripts.discard, partition, [position?.octets ?? []]))
    }

    /// See `MailboxView`.
    public func pending(
        in mailbox: Identity, partition: Int, after offset: UInt64?, limit: PageLimit
    ) async throws(StoreError) -> PendingPage {
        guard let range = ViewKeys.queueRange(mailbox, after: offset) else {
            return PendingPage(deposits: [], position: try await position(of: partition))
        }
        let arguments = [range.from, range.to, ViewCoding.decimal(limit.count), ViewCoding.decimal(limit.octets)]
        let parts = try array(try await run(ViewScripts.pending, partition, arguments, lane: .pages))
        guard parts.count == 2 else { throw ViewCoding.damaged }
        let deposits = try pairs(parts[1]).map { offset, envelope throws(StoreError) in
            try ViewCoding.pending(offset: offset, envelope: envelope)
        }
        return PendingPage(deposits: deposits, position: try position(parts[0]))
    }

    /// See `MailboxView`.
    public func deposit(_ key: DepositKey, partition: Int) async throws(StoreError) -> PendingDeposit? {
        let parts = try array(try await run(ViewScripts.deposit, partition, [key.octets], lane: .pages))
        guard parts.count == 2, let known = parts[0].octets, let envelope = parts[1].octets else { return nil }
        return try ViewCoding.pending(offset: Array(known.prefix(8)), envelope: envelope)
    }

    /// See `MailboxView`.
    public func usage(of mailbox: Identity, partition: Int) async throws(StoreError) -> MailboxUsage {
        guard let octets = try await field(mailbox, of: "usage", partition) else { return MailboxUsage() }
        return try ViewCoding.usage(octets)
    }

    /// See `MailboxView`.
    public func backlog(of partition: Int) async throws(StoreError) -> UInt64 {
        try check(partition)
        let key = prefix + Array("{\(partition)}:deposits".utf8)
        guard let count = try await router.send(Command("HLEN", [key]), key: key, lane: .view).integer else {
            throw ViewCoding.damaged
        }
        return UInt64(clamping: count)
    }

    /// See `MailboxView`.
    public func routes(
        to mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> [Route] {
        guard let octets = try await field(mailbox, of: "routes", partition) else { return [] }
        return try ViewCoding.routes(octets).filter { $0.expiresAt > now }.sorted { left, right in
            left.openedAt == right.openedAt
                ? left.stream.octets.lexicographicallyPrecedes(right.stream.octets) : left.openedAt > right.openedAt
        }
    }

    /// See `MailboxView`.
    public func presence(
        of mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> Presence? {
        guard let octets = try await field(mailbox, of: "presence", partition) else { return nil }
        let presence = try ViewCoding.presence(octets)
        return presence.expiresAt > now ? presence : nil
    }

    /// See `MailboxView`. The order is that of the octets.
    public func reachable(
        in partition: Int, after mailbox: Identity?, now: UTCTime, limit: Int
    ) async throws(StoreError) -> [Identity] {
        var mailboxes: [Identity] = []
        var last = mailbox?.octets ?? []
        while mailboxes.count < limit {
            let arguments = [
                last.isEmpty ? Array("-".utf8) : [UInt8(ascii: "(")] + last, ViewCoding.decimal(now.milliseconds),
                ViewCoding.decimal(limit - mailboxes.count),
            ]
            let parts = try array(try await run(ViewScripts.reachable, partition, arguments))
            for part in parts.dropFirst() { mailboxes.append(try ViewCoding.identity(part.octets ?? [])) }
            guard let next = parts.first?.octets, !next.isEmpty else { break }
            last = next
        }
        return mailboxes
    }

    /// See `MailboxView`.
    public func due(
        in partition: Int, by moment: UTCTime, limit: Int
    ) async throws(StoreError) -> [KnownDeposit] {
        guard limit > 0, moment.milliseconds >= 0 else { return [] }
        var end = [UInt8(ascii: "(")]
        end.append(bigEndian: UInt64(moment.milliseconds) + 1)
        let reply = try await run(ViewScripts.due, partition, [end, ViewCoding.decimal(limit)])
        return try pairs(reply).map { key, known throws(StoreError) in
            try ViewCoding.known(known, key: try ViewCoding.key(key))
        }
    }
}

// Calls and answers
extension RedisStore {
    private func check(_ partition: Int) throws(StoreError) {
        guard partition >= 0 else { throw StoreError(.misuse, "there is no partition \(partition)") }
    }

    private func run(
        _ script: Script, _ partition: Int, _ arguments: [[UInt8]], lane: Router.Lane = .view
    ) async throws(StoreError) -> Reply {
        try check(partition)
        return try await router.run(
            script, keys: ViewKeys.keys(prefix, partition), arguments: arguments, lane: lane)
    }

    private func field(
        _ mailbox: Identity, of name: String, _ partition: Int
    ) async throws(StoreError) -> [UInt8]? {
        try check(partition)
        let key = prefix + Array("{\(partition)}:\(name)".utf8)
        return try await router.send(Command("HGET", [key, mailbox.octets]), key: key, lane: .view).octets
    }

    private func position(_ reply: Reply) throws(StoreError) -> ViewPosition? {
        guard let octets = reply.octets else { throw ViewCoding.damaged }
        guard !octets.isEmpty else { return nil }
        guard let position = try? ViewPosition(octets: octets) else { throw ViewCoding.damaged }
        return position
    }

    private func array(_ reply: Reply) throws(StoreError) -> [Reply] {
        guard let array = reply.array else { throw ViewCoding.damaged }
        return array
    }

    private func flag(_ reply: Reply) throws(StoreError) -> Bool {
        guard let integer = reply.integer else { throw ViewCoding.damaged }
        return integer == 1
    }

    /// Names with what was found of them, in one order.
    private func found<Name>(_ names: [Name], _ reply: Reply) throws(StoreError) -> [(Name, [UInt8])] {
        let values = try array(reply)
        guard values.count == names.count else { throw ViewCoding.damaged }
        return zip(names, values).compactMap { name, value in value.octets.map { (name, $0) } }
    }

    private func pairs(_ reply: Reply) throws(StoreError) -> [([UInt8], [UInt8])] {
        let parts = try array(reply)
        guard parts.count % 2 == 0 else { throw ViewCoding.damaged }
        var pairs: [([UInt8], [UInt8])] = []
        for index in stride(from: 0, to: parts.count, by: 2) {
            guard let first = parts[index].octets, let second = parts[index + 1].octets else {
                throw ViewCoding.damaged
            }
            pairs.append((first, second))
        }
        return pairs
    }
}
