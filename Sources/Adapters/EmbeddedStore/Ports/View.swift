import IdentityBasedEncryption
import Mailbox
import Primitives
import SQLite

extension EmbeddedStore: MailboxView {
    /// See `MailboxView`.
    public func position(of partition: Int) async throws(StoreError) -> ViewPosition? {
        try check(partition)
        return try await reader.read { database throws(StoreError) in try ViewRows.position(partition, database) }
    }

    /// See `MailboxView`.
    public func excerpt(_ needs: ViewNeeds, of partition: Int) async throws(StoreError) -> ViewExcerpt {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            var excerpt = ViewExcerpt(position: try ViewRows.position(partition, database))
            for key in needs.deposits { excerpt.deposits[key] = try ViewRows.known(key, database) }
            for mailbox in needs.usage { excerpt.usage[mailbox] = try ViewRows.usage(mailbox, database) }
            for mailbox in needs.presence { excerpt.presence[mailbox] = try ViewRows.presence(mailbox, database) }
            return excerpt
        }
    }

    /// See `MailboxView`.
    public func apply(
        _ changes: [ViewChange], to partition: Int, from: ViewPosition?, reaching: ViewPosition
    ) async throws(StoreError) -> Bool {
        try check(partition)
        return try await writer.write { database throws(StoreError) in
            guard try ViewRows.position(partition, database) == from else { return false }
            for change in changes { try ViewRows.apply(change, partition, database) }
            try database.run(SQL.setPosition, [.integer(Int64(partition)), .octets(reaching.octets)])
            return true
        }
    }

    /// See `MailboxView`.
    public func discard(partition: Int, at position: ViewPosition?) async throws(StoreError) -> Bool {
        try check(partition)
        return try await writer.write { database throws(StoreError) in
            guard try ViewRows.position(partition, database) == position else { return false }
            try database.run(SQL.discardPending, ViewRows.range(partition))
            for statement in SQL.discardOthers { try database.run(statement, [.integer(Int64(partition))]) }
            return true
        }
    }

    /// See `MailboxView`.
    public func pending(
        in mailbox: Identity, partition: Int, after offset: UInt64?, limit: PageLimit
    ) async throws(StoreError) -> PendingPage {
        try check(partition)
        let after = offset.map { Place(.envelopes, partition, $0).value } ?? -1
        return try await reader.read { database throws(StoreError) in
            var page: [PendingDeposit] = []
            var octets = 0
            let parameters: [SQLiteValue] = [.octets(mailbox.octets), .integer(after), .integer(Int64(limit.count))]
            try database.query(SQL.pendingPage, parameters) { row throws(StoreError) in
                let deposit = try ViewRows.pending(row)
                page.append(deposit)
                octets += row.octetCount(1)
                return octets < limit.octets
            }
            return PendingPage(deposits: page, position: try ViewRows.position(partition, database))
        }
    }

    /// See `MailboxView`.
    public func deposit(_ key: DepositKey, partition: Int) async throws(StoreError) -> PendingDeposit? {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            try database.first(SQL.pendingDeposit, [.octets(key.octets)], ViewRows.pending)
        }
    }

    /// See `MailboxView`.
    public func usage(of mailbox: Identity, partition: Int) async throws(StoreError) -> MailboxUsage {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            try ViewRows.usage(mailbox, database) ?? MailboxUsage()
        }
    }

    /// See `MailboxView`. Log and view are one file, which the log's ticks write anew: nothing is left to do.
    public func erase(removedFor age: Duration) async throws(StoreError) -> Duration? { .zero }

    /// See `MailboxView`.
    public func backlog(of partition: Int) async throws(StoreError) -> UInt64 {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            try database.first(SQL.backlog, [.integer(Int64(partition))]) { row throws(StoreError) in
                UInt64(clamping: row.integer(0))
            } ?? 0
        }
    }

    /// See `MailboxView`.
    public func routes(
        to mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> [Route] {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            var routes: [Route] = []
            let parameters: [SQLiteValue] = [.octets(mailbox.octets), .integer(now.milliseconds)]
            try database.query(SQL.routes, parameters) { row throws(StoreError) in
                routes.append(
                    Route(
                        front: row.text(0),
                        stream: try ViewRows.read { () throws(FormatError) in try StreamID(octets: row.octets(1)) },
                        openedAt: UTCTime(milliseconds: row.integer(2)),
                        expiresAt: UTCTime(milliseconds: row.integer(3))))
                return true
            }
            return routes
        }
    }

    /// See `MailboxView`.
    public func presence(
        of mailbox: Identity, partition: Int, now: UTCTime
    ) async throws(StoreError) -> Presence? {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            guard let presence = try ViewRows.presence(mailbox, database), presence.expiresAt > now else { return nil }
            return presence
        }
    }

    /// See `MailboxView`.
    public func reachable(
        in partition: Int, after mailbox: Identity?, now: UTCTime, limit: Int
    ) async throws(StoreError) -> [Identity] {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            var mailboxes: [Identity] = []
            let parameters: [SQLiteValue] = [
                .integer(Int64(partition)), .octets(mailbox?.octets ?? []), .integer(now.milliseconds),
                .integer(Int64(max(limit, 0))),
            ]
            try database.query(SQL.reachable, parameters) { row throws(StoreError) in
                mailboxes.append(try ViewRows.identity(row.octets(0)))
                return true
            }
            return mailboxes
        }
    }

    /// See `MailboxView`.
    public func due(
        in partition: Int, by moment: UTCTime, limit: Int
    ) async throws(StoreError) -> [KnownDeposit] {
        try check(partition)
        return try await reader.read { database throws(StoreError) in
            var due: [KnownDeposit] = []
            let parameters =
                [.integer(moment.milliseconds)] + ViewRows.range(partition) + [.integer(Int64(max(limit, 0)))]
            try database.query(SQL.due, parameters) { row throws(StoreError) in
                let key = try ViewRows.read { () throws(FormatError) in try DepositKey(octets: row.octets(0)) }
                due.append(try ViewRows.known(row, from: 1, key: key))
                return true
            }
            return due
        }
    }
}
