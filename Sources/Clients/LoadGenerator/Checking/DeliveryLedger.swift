import Synchronization

/// Follows every deposit of a run from its beginning until its recipient has heard it. Any task may tell it.
///
/// A deposit whose receipt came must be heard once, by its recipient, octet for octet, under its sender's name. One that
/// failed before it can have been stored must not be heard; one of unknown outcome may.
package final class DeliveryLedger: Sendable {
    /// Where a deposit stands with its sender.
    private enum Standing {
        case underway, stored, failed, unknown
    }

    private struct Entry {
        var content: LoadContent
        var session: UInt64
        var plannedAt: ContinuousClock.Instant
        var begunAt: ContinuousClock.Instant
        var storedAt: ContinuousClock.Instant?
        var standing = Standing.underway
        var heard = 0
    }

    /// How a run went.
    package struct Balance: Sendable, Hashable {
        /// Receipts that came.
        package var deposits: UInt64 = 0
        /// Deposits that their recipients heard, each counted once.
        package var delivered: UInt64 = 0
        /// Deposits with a receipt that nobody heard.
        package var lost: UInt64 = 0
        /// Deposits heard a second time.
        package var repeated: UInt64 = 0
        /// Deposits whose octets were not those sent.
        package var corrupt: UInt64 = 0
        /// Deposits that came to somebody else, under another name, or without proof of the sender.
        package var misattributed: UInt64 = 0
        /// Deposits heard after one that was begun only when theirs had its receipt, in one session.
        package var misordered: UInt64 = 0
        /// Deposits heard that were never begun, or whose sending had failed for good.
        package var unexpected: UInt64 = 0
        /// Deposits whose outcome the sender does not know, and that nobody heard.
        package var unknown: UInt64 = 0
        /// Deliveries that are no deposit of this run: mail that waited before.
        package var foreign: UInt64 = 0

        /// Whether the cluster did what it must.
        package var isSound: Bool {
            [lost, repeated, corrupt, misattributed, misordered, unexpected].allSatisfy { $0 == 0 }
        }

        package init() {}
    }

    /// What was heard.
    package struct Hearing: Sendable {
        /// The octets.
        package var octets: [UInt8]
        /// The number of the user whose name it came under; nil for another name.
        package var sender: Int?
        /// Whether the sender's proof was right.
        package var isProven: Bool
        /// The number of the user who heard it.
        package var recipient: Int

        package init(octets: [UInt8], sender: Int?, isProven: Bool, recipient: Int) {
            self.octets = octets
            self.sender = sender
            self.isProven = isProven
            self.recipient = recipient
        }
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var balance = Balance()
        /// Deposits with a receipt that are not yet heard, by recipient.
        var waiting: [Int: Int] = [:]
        /// The latest beginning of what was heard, by session.
        var latest: [UInt64: ContinuousClock.Instant] = [:]
        var faults: [String] = []
    }

    /// Faults that are described; more are only counted.
    private static let described = 20

    private let run: UInt64
    private let state = Mutex(State())

    /// A ledger of a run.
    package init(run: UInt64) { self.run = run }

    /// A deposit is begun, in a session of its sender's whose number the caller gives.
    package func begin(
        _ content: LoadContent, session: UInt64, planned: ContinuousClock.Instant? = nil,
        at instant: ContinuousClock.Instant = .now
    ) {
        let entry = Entry(content: content, session: session, plannedAt: planned ?? instant, begunAt: instant)
        state.withLock { $0.entries[content.number] = entry }
    }

    /// Its receipt came.
    package func stored(_ number: UInt64, at instant: ContinuousClock.Instant = .now) {
        state.withLock { state in
            guard var entry = state.entries[number] else { return }
            entry.standing = .stored
            entry.storedAt = instant
            state.entries[number] = entry
            state.balance.deposits += 1
            if entry.heard == 0 { state.waiting[entry.content.recipient, default: 0] += 1 }
        }
    }

    /// It failed: for good, or with an outcome that nobody knows.
    package func failed(_ number: UInt64, mayBeStored: Bool) {
        state.withLock { $0.entries[number]?.standing = mayBeStored ? .unknown : .failed }
    }

    /// It was heard.
    /// - Returns: its planned start, where it is a deposit of this run that its recipient hears for the first time.
    @discardableResult package func heard(_ hearing: Hearing) -> ContinuousClock.Instant? {
        let content: LoadContent
        do throws(LoadContent.Fault) {
            content = try LoadContent(checking: hearing.octets)
        } catch .foreign {
            state.withLock { $0.balance.foreign += 1 }
            return nil
        } catch {
            state.withLock { state in
                state.balance.corrupt += 1
                Self.note("user \(hearing.recipient) heard what is corrupt: \(error)", &state)
            }
            return nil
        }
        guard content.run == run else {
            state.withLock { $0.balance.foreign += 1 }
            return nil
        }
        return state.withLock { Self.take(content, hearing, &$0) }
    }

    /// A recipient's own checks refused it.
    package func refused(_ fault: String) {
        state.withLock { state in
            state.balance.corrupt += 1
            Self.note(fault, &state)
        }
    }

    private static func take(
        _ content: LoadContent, _ hearing: Hearing, _ state: inout State
    ) -> ContinuousClock.Instant? {
        let name = "deposit \(content.number)"
        guard var entry = state.entries[content.number], entry.content == content else {
            state.balance.unexpected += 1
            note("\(name) was heard, and never begun so", &state)
            return nil
        }
        if hearing.recipient != content.recipient || hearing.sender != content.sender || !hearing.isProven {
            state.balance.misattributed += 1
            let from = hearing.sender.map { "user \($0)" } ?? "another name"
            let proof = hearing.isProven ? "" : " without proof"
            note(
                "\(name) from user \(content.sender) for user \(content.recipient) came to user \(hearing.recipient) from "
                    + from + proof, &state)
            // It has not reached whom it is for.
            guard hearing.recipient == content.recipient else { return nil }
        }
        entry.heard += 1
        state.entries[content.number] = entry
        guard entry.heard == 1 else {
            state.balance.repeated += 1
            note("\(name) was heard \(entry.heard) times", &state)
            return nil
        }
        if entry.standing == .failed {
            state.balance.unexpected += 1
            note("\(name) was heard, and its sending had failed for good", &state)
        }
        state.balance.delivered += 1
        if entry.standing == .stored { state.waiting[content.recipient, default: 0] -= 1 }
        judgeOrder(entry, name, &state)
        return entry.plannedAt
    }

    private static func judgeOrder(_ entry: Entry, _ name: String, _ state: inout State) {
        let latest = state.latest[entry.session]
        if let latest, let storedAt = entry.storedAt, storedAt < latest {
            state.balance.misordered += 1
            note("\(name) was heard after one that was begun later", &state)
        }
        state.latest[entry.session] = max(latest ?? entry.begunAt, entry.begunAt)
    }

    private static func note(_ fault: String, _ state: inout State) {
        if state.faults.count < described { state.faults.append(fault) }
    }

    /// How many deposits have a receipt and were not heard.
    package var waitingCount: Int { state.withLock { $0.waiting.values.reduce(0, +) } }

    /// The users for whom such deposits are.
    package var waitingUsers: [Int] { state.withLock { $0.waiting.filter { $0.value > 0 }.keys.sorted() } }

    /// How many deposits have a receipt and were not heard by this user.
    package func waiting(for user: Int) -> Int { state.withLock { $0.waiting[user] ?? 0 } }

    /// How the run went, once it is over: what was not heard by now is lost.
    package var balance: Balance {
        state.withLock { state in
            var balance = state.balance
            for entry in state.entries.values where entry.heard == 0 {
                if entry.standing == .stored { balance.lost += 1 }
                if entry.standing == .unknown { balance.unknown += 1 }
            }
            return balance
        }
    }

    /// The first faults in words, and the first losses.
    package var faults: [String] {
        state.withLock { state in
            let lost = state.entries.values.filter { $0.standing == .stored && $0.heard == 0 }
                .sorted { $0.content.number < $1.content.number }
            return state.faults
                + lost.prefix(Self.described).map {
                    "deposit \($0.content.number) of \($0.content.octetCount) octets from user \($0.content.sender) for "
                        + "user \($0.content.recipient) has a receipt, and was not heard"
                }
        }
    }
}
