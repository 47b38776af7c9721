import Mailbox

/// What a member of the group owns. Pure.
///
/// A member that lost its session, as when the broker that coordinates the group dies or freezes, works on with what it has
/// until the group says who owns what: two owners are harmless, and none is a silence.
package struct Holdings {
    /// Given by the group, in the session that is on.
    package private(set) var owned: Set<Int> = []
    /// Given in a session that was lost, and not given to anybody since, as far as this member knows.
    private var kept: Set<Int> = []

    /// Of nothing.
    package init() {}

    /// The group has given these, and what it gave is the whole share where a session begins.
    /// - Returns: what changes for the owner: what it must let go, then what it gets.
    package mutating func assigned(_ given: Set<Int>) -> [OwnershipChange] {
        let (gone, new) = (kept.subtracting(given), given.subtracting(kept))
        kept = []
        owned.formUnion(given)
        return (gone.isEmpty ? [] : [.revoked(gone)]) + (new.isEmpty ? [] : [.assigned(new)])
    }

    /// The group wants these back.
    /// - Returns: what the owner must let go.
    package mutating func revoked(_ taken: Set<Int>) -> Set<Int> {
        owned.subtract(taken)
        return taken
    }

    /// The session is lost, and with it the right to these.
    package mutating func lost(_ taken: Set<Int>) {
        owned.subtract(taken)
        kept.formUnion(taken)
    }
}
