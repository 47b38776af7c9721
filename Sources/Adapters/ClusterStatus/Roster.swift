import Foundation
import Mailbox
import Synchronization

/// Who belongs to a cluster: every process keeps a slot in the session store, with what it says of itself, and loses it when it says nothing.
///
/// The slots are numbered, since a session store lists nothing. A process takes the first that is free, by compare and set.
public final class Roster: Sendable {
    /// How often a member speaks.
    public static let interval = Duration.seconds(3)
    /// How long its last word counts.
    public static let lifetime = Duration.seconds(12)
    /// The most members that are seen.
    public static let limit = 512
    /// So many free slots in a row end the list: whoever leaves makes a gap.
    static let longestGap = 24

    private struct Place: Sendable {
        var slot: Int
        var value: [UInt8]
    }

    private let sessions: any SessionStore
    private let status: @Sendable () -> MemberStatus
    private let place = Mutex<Place?>(nil)

    /// - Parameter status: what the process says of itself.
    public init(_ sessions: any SessionStore, status: @escaping @Sendable () -> MemberStatus) {
        self.sessions = sessions
        self.status = status
    }

    /// Speaks again and again until the task is cancelled, then gives the slot back.
    public func run() async {
        while !Task.isCancelled {
            // What fails now is said again soon; meanwhile the last word runs out.
            try? await speak()
            try? await Task.sleep(for: Self.interval)
        }
        guard let slot = place.withLock({ $0?.slot }) else { return }
        // In a task of its own, since this one is cancelled.
        await Task { try? await sessions.remove(Self.key(slot)) }.value
    }

    /// Says once what the process says of itself. Throws `StoreError`.
    public func speak() async throws(StoreError) {
        let status = status()
        guard let data = try? JSONEncoder().encode(status) else { return }
        let value = Array(data)
        if let place = place.withLock({ $0 }) {
            guard case .found(let found) = try await say(value, place.slot, inPlaceOf: place.value) else { return }
            // A word whose answer was lost may be there all the same.
            if let found, Self.decode(found)?.id == status.id,
                case .done = try await say(value, place.slot, inPlaceOf: found)
            {
                return
            }
            self.place.withLock { $0 = nil }
        }
        for slot in 0..<Self.limit {
            guard case .found(let found) = try await say(value, slot, inPlaceOf: nil) else { return }
            if let found, Self.decode(found)?.id == status.id, case .done = try await say(value, slot, inPlaceOf: found)
            {
                return
            }
        }
    }

    private func say(_ value: [UInt8], _ slot: Int, inPlaceOf old: [UInt8]?) async throws(StoreError) -> SessionExchange
    {
        let outcome = try await sessions.exchange(Self.key(slot), from: old, to: value, lifetime: Self.lifetime)
        if outcome == .done { place.withLock { $0 = Place(slot: slot, value: value) } }
        return outcome
    }

    /// All members that spoke lately, in the order of their slots. Throws `StoreError`.
    public func members() async throws(StoreError) -> [MemberStatus] {
        var members: [MemberStatus] = []
        var gap = 0
        for slot in 0..<Self.limit where gap < Self.longestGap {
            guard let value = try await sessions.value(of: Self.key(slot)) else {
                gap += 1
                continue
            }
            gap = 0
            if let member = Self.decode(value) { members.append(member) }
        }
        return members
    }

    private static func key(_ slot: Int) -> SessionKey {
        SessionKey(kind: .member, name: Array("slot \(slot)".utf8))
    }

    private static func decode(_ value: [UInt8]) -> MemberStatus? {
        try? JSONDecoder().decode(MemberStatus.self, from: Data(value))
    }
}
