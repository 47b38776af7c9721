import IBAKE
import Mailbox
import Primitives

/// Exchanges in the session store, sealed: whichever front a message reaches finds what another front remembered.
struct SessionVault: Sendable {
    let store: any SessionStore
    let keys: any SessionKeys

    /// A state as the store has it.
    struct Stored: Sendable {
        /// Nil where nobody can read it any more, its key forgotten or its version past: as good as expired.
        let state: ResponderState?
        fileprivate let sealed: [UInt8]
    }

    /// What the store has of an exchange, or none. Throws `StoreError`, `FrontFault.keyMissing`, or an error that says
    /// why the value is not one of ours.
    func state(of exchange: ExchangeKey) async throws -> Stored? {
        let key = Self.key(exchange)
        guard let sealed = try await store.value(of: key) else { return nil }
        guard let opened = try await open(sealed, of: key) else { return Stored(state: nil, sealed: sealed) }
        do throws(CorruptState) {
            return Stored(state: try ResponderState(serialized: opened), sealed: sealed)
        } catch {
            return Stored(state: nil, sealed: sealed)
        }
    }

    /// Nil where the key was forgotten. One that is not here yet may have come since the last look.
    private func open(_ sealed: [UInt8], of key: SessionKey) async throws -> SecretBytes? {
        do throws(SessionSeal.Fault) {
            return try keys.seal.open(sealed, for: key)
        } catch {
            guard case .unknownKey = error else { throw error }
        }
        let seal = await keys.refreshed()
        do throws(SessionSeal.Fault) {
            return try seal.open(sealed, for: key)
        } catch {
            guard case .unknownKey(let id) = error else { throw error }
            guard seal.hasForgotten(keyID: id) else { throw FrontFault.keyMissing(id: id) }
            return nil
        }
    }

    /// Keeps a state in the place of the one that was read (none: nothing was there).
    ///
    /// Returns false, and changes nothing, where another front was faster.
    func keep(_ state: ResponderState, inPlaceOf stored: Stored?, now: UTCTime) async throws -> Bool {
        let key = Self.key(state.key)
        let end = max(state.expires, state.session?.depositsEnd ?? state.expires)
        // Its cluster key is forgotten by the longest life that there is.
        let life = min(max(1, end.milliseconds - now.milliseconds), SessionSeal.longestLifeMs)
        let outcome = try await store.exchange(
            key, from: stored?.sealed, to: try keys.seal.seal(state.serialized, for: key), lifetime: .milliseconds(life)
        )
        return outcome == .done
    }

    private static func key(_ exchange: ExchangeKey) -> SessionKey {
        SessionKey(kind: .session, name: exchange.octets)
    }
}
