import Mailbox

extension RedisStore: SessionStore {
    /// The longest life of a value, in ms: some 290 years; Redis adds the time since 1970.
    private static let lifetimeLimitMs: Int64 = 1 << 43

    /// `session:`, the kind as a number, `:`, the name's octets. Each key is a slot of its own.
    private func octets(_ key: SessionKey) -> [UInt8] {
        prefix + Array("session:\(key.kind.rawValue):".utf8) + key.name
    }

    private func lifetime(_ lifetime: Duration) -> [UInt8] {
        ViewCoding.decimal(min(max(lifetime.wholeMilliseconds, 1), Self.lifetimeLimitMs))
    }

    private var damaged: StoreError {
        StoreError(.corrupt, "Redis gave an answer that no session store gives; check that it is Redis 7 or Valkey")
    }

    /// See `SessionStore`.
    public func value(of key: SessionKey) async throws(StoreError) -> [UInt8]? {
        let name = octets(key)
        return try await router.send(Command("GET", [name]), key: name, lane: .sessions).octets
    }

    /// See `SessionStore`. Lives are measured by Redis's clock. After `.unavailable` the value may have been set: who
    /// asks again finds it.
    public func exchange(
        _ key: SessionKey, from expected: [UInt8]?, to value: [UInt8], lifetime: Duration
    ) async throws(StoreError) -> SessionExchange {
        let expected = expected.map { [UInt8(ascii: "=")] + $0 } ?? []
        let reply = try await router.run(
            SessionScripts.exchange, keys: [octets(key)], arguments: [expected, value, self.lifetime(lifetime)],
            lane: .sessions)
        guard let parts = reply.array, let isDone = parts.first?.integer else { throw damaged }
        return isDone == 1 ? .done : .found(parts.count > 1 ? parts[1].octets : nil)
    }

    /// See `SessionStore`.
    public func remove(_ key: SessionKey) async throws(StoreError) {
        let name = octets(key)
        _ = try await router.send(Command("UNLINK", [name]), key: name, lane: .sessions)
    }

    /// See `SessionStore`. A counter stops at 2^63 - 1. After `.unavailable` the amount may have been added.
    public func add(
        _ amount: UInt64, to key: SessionKey, lifetime: Duration
    ) async throws(StoreError) -> UInt64 {
        let reply = try await router.run(
            SessionScripts.add, keys: [octets(key)],
            arguments: [ViewCoding.decimal(Int64(clamping: amount)), self.lifetime(lifetime)], lane: .sessions)
        guard let text = reply.text, let value = UInt64(text) else { throw damaged }
        return value
    }
}
