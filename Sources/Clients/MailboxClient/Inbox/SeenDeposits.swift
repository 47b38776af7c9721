import Mailbox
import Primitives
import StateFolder
import Synchronization

/// The durable record of deposits that the application has seen, so that it sees each once.
///
/// An entry is dropped a day after the deposit's lifetime, when the mailbox can no longer bring it. One process at a
/// time has the record open: its folder is locked.
package final class SeenDeposits: Sendable {
    /// A line of the file.
    struct Entry: Codable, Sendable, Hashable {
        /// The deposit id in hexadecimal.
        var id: String
        /// SHA-256 of the header in hexadecimal.
        var header: String
        /// What the handshake is known by.
        var handshake: String
        /// The number within it.
        var number: UInt32
        /// Until when the mailbox may bring it again, in milliseconds since 1970.
        var until: Int64
    }

    /// What is known of a deposit.
    package enum Knowledge: Sendable, Hashable {
        case new
        case seen
        /// The id was seen with another header: somebody broke the rule that an id belongs to one content.
        case other
    }

    fileprivate struct State {
        var headers: [String: String] = [:]
        var highest: [String: UInt32] = [:]
    }

    private static let margin: Int64 = 86_400_000
    private let folder: StateFolder
    private let file: RecordFile<Entry>
    private let state: Mutex<State>

    /// Opens the record in its folder. Throws `StateFolderError`.
    init(folder path: String, now: UTCTime) throws {
        folder = try StateFolder(path: path, marker: "receive.lock")
        let (file, entries) = try RecordFile<Entry>.open("seen.log", in: folder) { $0.until >= now.milliseconds }
        self.file = file
        var known = State()
        for entry in entries { known.note(entry) }
        state = Mutex(known)
    }

    /// Whether a deposit was seen.
    package func knowledge(of header: DepositHeader) -> Knowledge {
        let id = header.fields.id.description
        guard let seen = state.withLock({ $0.headers[id] }) else { return .new }
        return seen == hexadecimal(header.digest) ? .seen : .other
    }

    /// The number after the highest one seen of a handshake; 0 where none was.
    package func nextNumber(ofHandshake handshake: String) -> UInt32 {
        state.withLock { $0.highest[handshake].map { $0 &+ 1 } ?? 0 }
    }

    /// Notes that the application has seen a deposit; durable when this returns. Throws `StateFolderError`.
    package func note(_ deposit: ReceivedDeposit, lifetimeSeconds: UInt32) throws(StateFolderError) {
        let until = deposit.receivedAtMs.addingReportingOverflow(Int64(lifetimeSeconds) * 1000 + Self.margin)
        let entry = Entry(
            id: deposit.id, header: deposit.headerSHA256, handshake: deposit.handshake, number: deposit.number,
            until: until.overflow ? .max : until.partialValue)
        try file.append(entry)
        state.withLock { $0.note(entry) }
    }
}

extension SeenDeposits.State {
    fileprivate mutating func note(_ entry: SeenDeposits.Entry) {
        headers[entry.id] = entry.header
        highest[entry.handshake] = max(highest[entry.handshake] ?? 0, entry.number)
    }
}
