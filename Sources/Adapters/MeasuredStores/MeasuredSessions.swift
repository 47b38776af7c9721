import Mailbox
import Observability

/// A session store whose calls are measured.
public struct MeasuredSessions: SessionStore {
    private let store: any SessionStore
    private let measured: Measured

    /// The same store, measured.
    public init(_ store: any SessionStore, _ metrics: StoreMetrics) {
        self.store = store
        measured = metrics.store("sessions")
    }

    /// As the store does.
    public func value(of key: SessionKey) async throws(StoreError) -> [UInt8]? {
        try await measured.call("value") { () throws(StoreError) in try await store.value(of: key) }
    }

    /// As the store does.
    public func exchange(
        _ key: SessionKey, from expected: [UInt8]?, to value: [UInt8], lifetime: Duration
    ) async throws(StoreError) -> SessionExchange {
        try await measured.call("exchange") { () throws(StoreError) in
            try await store.exchange(key, from: expected, to: value, lifetime: lifetime)
        }
    }

    /// As the store does.
    public func remove(_ key: SessionKey) async throws(StoreError) {
        try await measured.call("remove") { () throws(StoreError) in try await store.remove(key) }
    }

    /// As the store does.
    public func add(_ amount: UInt64, to key: SessionKey, lifetime: Duration) async throws(StoreError) -> UInt64 {
        try await measured.call("add") { () throws(StoreError) in
            try await store.add(amount, to: key, lifetime: lifetime)
        }
    }
}
