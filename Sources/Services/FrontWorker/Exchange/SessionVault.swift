import IBAKE
import Mailbox
import Primitives

/// Exchanges in the session store, sealed: whichever front a message reaches finds what another front remembered.
struct SessionVault: Sendable {
    let store: any SessionStore
    let seal: SessionSeal

    /// A state as the store has it.
    struct Stored: Sendable {
        let state: ResponderState
        fileprivate let sealed: [UInt8]
    }

    /// The state of an exchange, or none. Throws `StoreError`, or an error that says why the value is not one of ours.
    func state(of exchange: ExchangeKey) async throws -> Stored? {
        let key = Self.key(exchange)
        guard let sealed = try await store.value(of: key) else { return nil }
        return Stored(state: try ResponderState(serialized: try seal.open(sealed, for: key)), sealed: sealed)
    }

    /// Keeps a state in the place of the one that was read (none: nothing was there).
    ///
    /// Returns false, and changes nothing, where another front was faster.
    func keep(_ state: ResponderState, inPlaceOf stored: Stored?, now: UTCTime) async throws -> Bool {
        let key = Self.key(state.key)
        let end = max(state.expires, state.session?.depositsEnd ?? state.expires)
        let lifetime = Duration.milliseconds(max(1, end.milliseconds - now.milliseconds))
        let outcome = try await store.exchange(
            key, from: stored?.sealed, to: try seal.seal(state.serialized, for: key), lifetime: lifetime)
        return outcome == .done
    }

    private static func key(_ exchange: ExchangeKey) -> SessionKey {
        SessionKey(kind: .session, name: exchange.octets)
    }
}
