import IdentityBasedEncryption
import Mailbox
import Primitives

/// What every `SessionStore` does.
public struct SessionBehaviour<Store: SessionStore>: Sendable {
    let store: Store

    /// The suite for a store.
    public init(_ store: Store) { self.store = store }

    /// Runs all of it; throws `Misbehaviour` at the first promise that is broken.
    public func check() async throws {
        try await valuesAreExchangedFromWhatIsThere()
        try await valuesExpire()
        try await onlyOneIsFirst()
        try await countersCount()
    }

    private func key(_ kind: SessionKey.Kind = .handshake) throws -> SessionKey {
        SessionKey(kind: kind, csbID: try SystemRandom().octets(4), initiator: try stranger("anna"))
    }

    private func valuesAreExchangedFromWhatIsThere() async throws {
        let key = try key()
        try require(try await store.value(of: key) == nil, "what was not set is not there")
        let early = try await store.exchange(key, from: [1], to: [2], lifetime: .seconds(60))
        try require(early == .found(nil), "a value that is not there is not exchanged")
        try require(
            try await store.exchange(key, from: nil, to: [], lifetime: .seconds(60)) == .done, "nothing becomes a value"
        )
        try require(try await store.value(of: key) == [], "no octets are a value")
        try require(
            try await store.exchange(key, from: nil, to: [3], lifetime: .seconds(60)) == .found([]),
            "who comes second finds the first one's value")
        try require(
            try await store.exchange(key, from: [], to: [0, 255], lifetime: .seconds(60)) == .done,
            "a value is exchanged")
        try require(try await store.value(of: key) == [0, 255], "the new value is there")
        let other = SessionKey(kind: .session, name: key.name)
        try require(try await store.value(of: other) == nil, "keys of two kinds are two keys")
        try await store.remove(key)
        try require(try await store.value(of: key) == nil, "a removed value is gone")
    }

    private func valuesExpire() async throws {
        let key = try key()
        try require(
            try await store.exchange(key, from: nil, to: [1], lifetime: .milliseconds(200)) == .done, "a value is set")
        try await Task.sleep(for: .milliseconds(400))
        try require(try await store.value(of: key) == nil, "an expired value is gone")
        try require(
            try await store.exchange(key, from: nil, to: [2], lifetime: .seconds(60)) == .done, "and its key is free")
    }

    private func onlyOneIsFirst() async throws {
        let key = try key(.replay)
        let store = store
        let firsts = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                group.addTask {
                    try await store.exchange(key, from: nil, to: [UInt8(index)], lifetime: .seconds(60)) == .done
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        try require(firsts == 1, "of those who race one is the first, not \(firsts)")
    }

    private func countersCount() async throws {
        let key = try key(.counter)
        let store = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await store.add(3, to: key, lifetime: .seconds(60)) } }
            try await group.waitForAll()
        }
        try require(try await store.add(0, to: key, lifetime: .seconds(60)) == 60, "nothing added to a counter is lost")
        let short = try self.key(.counter)
        _ = try await store.add(5, to: short, lifetime: .milliseconds(200))
        try await Task.sleep(for: .milliseconds(400))
        try require(try await store.add(1, to: short, lifetime: .seconds(60)) == 1, "a counter is forgotten")
    }
}
