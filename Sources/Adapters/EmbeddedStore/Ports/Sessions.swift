import Mailbox
import Primitives
import SQLite

extension EmbeddedStore: SessionStore {
    /// See `SessionStore`.
    public func value(of key: SessionKey) async throws(StoreError) -> [UInt8]? {
        let now = configuration.clock()
        return try await reader.read { database throws(StoreError) in try Self.value(of: key, now, database) }
    }

    private static func value(
        of key: SessionKey, _ now: UTCTime, _ database: Database
    ) throws(StoreError) -> [UInt8]? {
        try database.first(SQL.session, [.octets(key.octets), .integer(now.milliseconds)]) { row throws(StoreError) in
            row.octets(0)
        }
    }

    /// See `SessionStore`.
    public func exchange(
        _ key: SessionKey, from expected: [UInt8]?, to value: [UInt8], lifetime: Duration
    ) async throws(StoreError) -> SessionExchange {
        let now = configuration.clock()
        return try await writer.write { database throws(StoreError) in
            let there = try Self.value(of: key, now, database)
            guard there == expected else { return .found(there) }
            let expires = now.milliseconds + lifetime.wholeMilliseconds
            try database.run(SQL.setSession, [.octets(key.octets), .octets(value), .integer(expires)])
            return .done
        }
    }

    /// See `SessionStore`.
    public func remove(_ key: SessionKey) async throws(StoreError) {
        try await writer.write { database throws(StoreError) in
            try database.run(SQL.deleteSession, [.octets(key.octets)])
        }
    }

    /// See `SessionStore`.
    public func add(
        _ amount: UInt64, to key: SessionKey, lifetime: Duration
    ) async throws(StoreError) -> UInt64 {
        let now = configuration.clock()
        return try await writer.write { database throws(StoreError) in
            let parameters: [SQLiteValue] = [.octets(key.octets), .integer(now.milliseconds)]
            let there = try database.first(SQL.counter, parameters) { row throws(StoreError) in
                (value: UInt64(max(row.integer(0), 0)), expires: row.integer(1))
            }
            let (sum, overflow) = (there?.value ?? 0).addingReportingOverflow(amount)
            let value = overflow ? UInt64(Int64.max) : min(sum, UInt64(Int64.max))
            let expires = there?.expires ?? now.milliseconds + lifetime.wholeMilliseconds
            try database.run(SQL.setCounter, [.octets(key.octets), .integer(Int64(value)), .integer(expires)])
            return value
        }
    }
}

extension Duration {
    /// Milliseconds, rounded down, from 0 to some 290,000 years.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(max(seconds, 0), 1 << 43) * 1000 + max(attoseconds, 0) / 1_000_000_000_000_000
    }
}
