/// Why a port could not do what it was asked. One type for all three, since one adapter may serve all three.
public struct StoreError: Error, Sendable, Hashable {
    /// The kinds of fault, by what the caller can do about them.
    public enum Kind: Sendable, Hashable {
        /// Not reachable, or not able just now. The call may or may not have taken effect. Try again, with back-off.
        case unavailable
        /// Another process holds the store. Nothing was changed. Try again, or stop that process.
        case locked
        /// No room is left. Nothing was changed. An operator must make room.
        case full
        /// A record exceeds what the store takes. Nothing was changed. Trying again does not help.
        case tooLarge
        /// What was asked for is no longer kept: settled, expired, or past its retention.
        case gone
        /// The store is damaged, or is not one of ours. An operator must look at it.
        case corrupt
        /// The store was written by a later version of this program. Update the program.
        case newerVersion
        /// The store was closed.
        case closed
        /// The call itself is wrong, as a partition that does not exist.
        case misuse
    }

    /// The kind of fault.
    public let kind: Kind
    /// What happened, where, and what to do, in plain words; never secret.
    public let detail: String

    /// A fault of a kind, in words.
    public init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// Whether the same call may succeed later with nobody doing anything.
    public var isTransient: Bool { kind == .unavailable || kind == .locked }
}

extension StoreError: CustomStringConvertible {
    /// The fault in plain words.
    public var description: String { detail }
}
