import IdentityBasedEncryption
import Mailbox
import Primitives

/// Rates, counted in the session store by all fronts together, in minutes of the front's clock.
///
/// Limits exchanges that begin, by source address and by IDRi at that address, before they cost a pairing: anybody can write a
/// well-formed I_MESSAGE_1, and so nobody's limit may be used up from elsewhere.
///
/// Deposits are limited by IDRi alone, once their tags have proved it.
struct RateAdmission: Sendable {
    let store: any SessionStore
    let limits: FrontLimits

    /// Counts an exchange that begins. Throws `FrontFault.rate` where there were too many in this minute, `StoreError`.
    func admit(source: String, initiator: Identity, now: UTCTime) async throws {
        try await count("source", source, limits.exchangesPerSourceAndMinute, now)
        try await count("initiator", "\(source) \(initiator)", limits.exchangesPerInitiatorAndMinute, now)
    }

    /// Counts a deposit that is opened. Throws `FrontFault.rate` where there were too many in this minute, `StoreError`.
    func admit(depositOf sender: Identity, now: UTCTime) async throws {
        try await count("deposits", "\(sender)", limits.depositsPerSenderAndMinute, now)
    }

    private func count(_ what: String, _ whose: String, _ limit: UInt64, _ now: UTCTime) async throws {
        let name = "\(what) \(now.milliseconds / 60_000) \(whose)"
        let key = SessionKey(kind: .counter, name: Array(name.utf8))
        guard try await store.add(1, to: key, lifetime: .seconds(120)) <= limit else {
            throw FrontFault.rate(retryAfterMs: Int(60_000 - now.milliseconds % 60_000))
        }
    }
}
