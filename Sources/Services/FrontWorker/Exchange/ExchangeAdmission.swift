import IdentityBasedEncryption
import Mailbox
import Primitives

/// Limits exchanges that begin, by source address and by IDRi at that address, before they cost a pairing: anybody can write a
/// well-formed I_MESSAGE_1, and so nobody's limit may be used up from elsewhere.
struct ExchangeAdmission: Sendable {
    let store: any SessionStore
    let limits: FrontLimits

    /// Counts an exchange that begins. Throws `FrontFault.rate` where there were too many in this minute, `StoreError`.
    func admit(source: String, initiator: Identity, now: UTCTime) async throws {
        let minute = now.milliseconds / 60_000
        let untilNext = Int(60_000 - now.milliseconds % 60_000)
        let counts = [
            ("source \(minute) \(source)", limits.exchangesPerSourceAndMinute),
            ("initiator \(minute) \(source) \(initiator)", limits.exchangesPerInitiatorAndMinute)
        ]
        for (name, limit) in counts {
            let key = SessionKey(kind: .counter, name: Array(name.utf8))
            guard try await store.add(1, to: key, lifetime: .seconds(120)) <= limit else {
                throw FrontFault.rate(retryAfterMs: untilNext)
            }
        }
    }
}
