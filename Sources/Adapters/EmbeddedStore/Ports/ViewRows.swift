import IdentityBasedEncryption
import Mailbox
import Primitives
import SQLite

/// The rows of the view, read and written.
enum ViewRows {
    /// Reads what the store itself wrote; a fault means that the file is damaged.
    static func read<Value>(_ body: () throws(FormatError) -> Value) throws(StoreError) -> Value {
        do throws(FormatError) {
            return try body()
        } catch {
            throw StoreError(
                .corrupt, "a row of the view is damaged (\(error)); rebuild the view, or put a copy of the store back")
        }
    }

    static func identity(_ octets: [UInt8]) throws(StoreError) -> Identity {
        guard let identity = try? Identity(octets: octets) else {
            throw StoreError(
                .corrupt, "a row of the view has no identity; rebuild the view, or put a copy of the store back")
        }
        return identity
    }

    /// The places of a partition.
    static func range(_ partition: Int) -> [SQLiteValue] {
        [Place(.envelopes, partition, 0).sql, Place.end(.envelopes, partition)]
    }

    static func position(_ partition: Int, _ database: Database) throws(StoreError) -> ViewPosition? {
        try database.first(SQL.position, [.integer(Int64(partition))]) { row throws(StoreError) in
            try read { () throws(FormatError) in try ViewPosition(octets: row.octets(0)) }
        }
    }

    static func known(_ key: DepositKey, _ database: Database) throws(StoreError) -> KnownDeposit? {
        try database.first(SQL.known, [.octets(key.octets)]) { row throws(StoreError) in
            try known(row, from: 0, key: key)
        }
    }

    /// A summary from the columns place, digest, expires, octets, receipt_to.
    static func known(_ row: SQLiteRow, from column: Int, key: DepositKey) throws(StoreError) -> KnownDeposit {
        let receiptTo = try row.optionalOctets(column + 4).map { octets throws(StoreError) in try identity(octets) }
        return KnownDeposit(
            key: key, offset: Place(value: row.integer(column)).offset, headerDigest: row.octets(column + 1),
            expiresAt: UTCTime(milliseconds: row.integer(column + 2)),
            octets: UInt64(max(row.integer(column + 3), 0)), receiptTo: receiptTo)
    }

    static func pending(_ row: SQLiteRow) throws(StoreError) -> PendingDeposit {
        let envelope = try read { () throws(FormatError) in try Envelope(octets: row.octets(1)) }
        return PendingDeposit(offset: Place(value: row.integer(0)).offset, envelope: envelope)
    }

    static func usage(_ mailbox: Identity, _ database: Database) throws(StoreError) -> MailboxUsage? {
        try database.first(SQL.usage, [.octets(mailbox.octets)]) { row throws(StoreError) in
            MailboxUsage(count: UInt64(max(row.integer(0), 0)), octets: UInt64(max(row.integer(1), 0)))
        }
    }

    static func presence(_ mailbox: Identity, _ database: Database) throws(StoreError) -> Presence? {
        try database.first(SQL.presence, [.octets(mailbox.octets)]) { row throws(StoreError) in
            Presence(
                isOpen: row.integer(0) == 1, contact: row.optionalText(1),
                timestamp: UTCTime(milliseconds: row.integer(2)), expiresAt: UTCTime(milliseconds: row.integer(3)))
        }
    }

    static func apply(_ change: ViewChange, _ partition: Int, _ database: Database) throws(StoreError) {
        let home = SQLiteValue.integer(Int64(partition))
        switch change {
        case .insert(let deposit):
            let known = deposit.known
            try database.run(
                SQL.insertPending,
                [
                    Place(.envelopes, partition, known.offset).sql, .octets(known.key.octets),
                    .octets(known.key.mailbox.octets), .octets(known.headerDigest),
                    .integer(known.expiresAt.milliseconds), .integer(Int64(clamping: known.octets)),
                    SQLiteValue(known.receiptTo?.octets), .octets(deposit.envelope.octets),
                ])
        case .remove(let known):
            try database.run(SQL.deletePending, [.octets(known.key.octets)])
        case .usage(let mailbox, let usage):
            if usage.count == 0 {
                try database.run(SQL.deleteUsage, [.octets(mailbox.octets)])
            } else {
                try database.run(
                    SQL.setUsage,
                    [
                        .octets(mailbox.octets), home, .integer(Int64(clamping: usage.count)),
                        .integer(Int64(clamping: usage.octets)),
                    ])
            }
        case .route(let mailbox, let route):
            try database.run(
                SQL.setRoute,
                [
                    .octets(mailbox.octets), .octets(route.stream.octets), home, .text(route.front),
                    .integer(route.openedAt.milliseconds), .integer(route.expiresAt.milliseconds),
                ])
        case .removeRoute(let mailbox, let stream):
            try database.run(SQL.deleteRoute, [.octets(mailbox.octets), .octets(stream.octets)])
        case .presence(let mailbox, let presence):
            try database.run(
                SQL.setPresence,
                [
                    .octets(mailbox.octets), home, .integer(presence.isOpen ? 1 : 0),
                    presence.contact.map(SQLiteValue.text) ?? .null, .integer(presence.timestamp.milliseconds),
                    .integer(presence.expiresAt.milliseconds),
                ])
        }
    }
}
