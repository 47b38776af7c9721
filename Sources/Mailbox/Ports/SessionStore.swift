import IdentityBasedEncryption

/// Handshakes in flight, sessions and counters: what lives for minutes and may be lost with no more harm than a
/// handshake begun again.
///
/// Values arrive sealed (`SessionSeal`): a store never sees a secret, so that no adapter has to be trusted with one.
/// Redis in a cluster, SQLite on one machine.
public protocol SessionStore: Sendable {
    /// The value of a key, unless it has expired.
    func value(of key: SessionKey) async throws(StoreError) -> [UInt8]?

    /// Sets a value for `lifetime`, if what is there now is `expected` (none: nothing is there), in one step.
    ///
    /// With `expected` none this is also the replay cache: who finds a value was not the first.
    func exchange(
        _ key: SessionKey, from expected: [UInt8]?, to value: [UInt8], lifetime: Duration
    ) async throws(StoreError) -> SessionExchange

    /// Removes a value, whatever it is.
    func remove(_ key: SessionKey) async throws(StoreError)

    /// Adds to a counter and returns its new value; the counter starts at 0 and is forgotten `lifetime` after its first
    /// use. For rates: one counter a source and minute.
    func add(_ amount: UInt64, to key: SessionKey, lifetime: Duration) async throws(StoreError) -> UInt64
}

/// What came of an exchange of a value.
public enum SessionExchange: Sendable, Hashable {
    /// The value was set.
    case done
    /// Something else was there (none: nothing), and still is.
    case found([UInt8]?)
}

/// The name of a value in the session store.
public struct SessionKey: Sendable, Hashable {
    /// What a value is about.
    public enum Kind: UInt8, Sendable, Hashable {
        /// The state of a handshake between I_MESSAGE_1 and I_MESSAGE_2, with the answer given.
        case handshake = 1
        /// An established session.
        case session = 2
        /// A message that was seen, and the answer given (docs/protocol.md, choice 17).
        case replay = 3
        /// A counter.
        case counter = 4
        /// What a process of the cluster says of itself, under the number of its place.
        case member = 5
    }

    /// What the value is about.
    public let kind: Kind
    /// What tells it from others of its kind.
    public let name: [UInt8]

    /// A key from its parts.
    public init(kind: Kind, name: [UInt8]) {
        self.kind = kind
        self.name = name
    }

    /// The key of a handshake or a session: its CSB ID and IDRi (docs/protocol.md, choice 13).
    /// - Parameter csbID: 4 octets.
    public init(kind: Kind, csbID: [UInt8], initiator: Identity) {
        self.init(kind: kind, name: csbID + initiator.octets)
    }

    /// The key as stores keep it: kind(1), then the name.
    public var octets: [UInt8] { [kind.rawValue] + name }
}
