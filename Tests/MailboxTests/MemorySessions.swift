import Mailbox
import Synchronization

/// Sessions in the memory of one process, gone with it.
public final class MemorySessions: SessionStore {
    private struct Kept: Sendable {
        var value: [UInt8] = []
        var count: UInt64 = 0
        var end: ContinuousClock.Instant
    }

    private let kept = Mutex<[SessionKey: Kept]>([:])

    /// An empty store.
    public init() {}

    /// See `SessionStore`.
    public func value(of key: SessionKey) async throws(StoreError) -> [UInt8]? {
        kept.withLock { Self.live($0[key])?.value }
    }

    /// See `SessionStore`.
    public func exchange(
        _ key: SessionKey, from expected: [UInt8]?, to value: [UInt8], lifetime: Duration
    ) async throws(StoreError) -> SessionExchange {
        kept.withLock { kept in
            let found = Self.live(kept[key])?.value
            guard found == expected else { return .found(found) }
            kept[key] = Kept(value: value, end: .now + lifetime)
            return .done
        }
    }

    /// See `SessionStore`.
    public func remove(_ key: SessionKey) async throws(StoreError) {
        kept.withLock { _ = $0.removeValue(forKey: key) }
    }

    /// See `SessionStore`.
    public func add(_ amount: UInt64, to key: SessionKey, lifetime: Duration) async throws(StoreError) -> UInt64 {
        kept.withLock { kept in
            var counter = Self.live(kept[key]) ?? Kept(end: .now + lifetime)
            counter.count += amount
            kept[key] = counter
            return counter.count
        }
    }

    private static func live(_ kept: Kept?) -> Kept? { kept.flatMap { $0.end > .now ? $0 : nil } }
}
