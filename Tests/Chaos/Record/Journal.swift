import Foundation
import Synchronization

/// What a deposit is known by to this run, whatever the cluster calls it: who wrote it, for whom, and which of his to that recipient.
package struct Writing: Codable, Hashable, Sendable {
    /// Who wrote it.
    package var author: String
    /// For whom.
    package var addressee: String
    /// His first to that recipient is 0, each further one is begun when the one before was answered.
    package var number: Int

    package init(author: String, addressee: String, number: Int) {
        self.author = author
        self.addressee = addressee
        self.number = number
    }
}

/// Something that a sender was promised or an application has seen. Times are milliseconds since the run began.
package enum Entry: Codable, Sendable {
    /// The sender has a receipt whose MAC was right.
    case receipted(Writing, id: String, sha256: String, wantsReceipt: Bool, atMs: Int)
    /// The sender was told that it failed, or not told what became of it.
    case failed(Writing, reason: String, atMs: Int)
    /// The application was shown a deposit: under whose name, and what was inside.
    case seen(by: String, id: String, sender: String, isProven: Bool, sha256: String, inside: Writing?, atMs: Int)
    /// A recipient refused a delivery.
    case refused(by: String, id: String, reason: String, atMs: Int)
    /// A sender heard that a deposit of his was acknowledged.
    case acknowledged(to: String, id: String, recipient: String, atMs: Int)
    /// Octets of a large content have come.
    case progress(to: String, atMs: Int)
    /// A recipient began to fetch his mail, or ended.
    case fetching(String, isOn: Bool, atMs: Int)
    /// A sender waited so long for a sign that the mailbox works.
    case waited(String, fromMs: Int, toMs: Int)
}

/// The independent record of a run: what senders were promised and recipients saw, in memory and as lines of JSON in a file.
package final class Journal: Sendable {
    private struct State {
        var entries: [Entry] = []
        var file: FileHandle?
        var numbers: [Writing: Int] = [:]
    }

    private let state: Mutex<State>
    private let start = ContinuousClock.now

    /// A journal that is also written to a file; none for tests.
    package init(file path: String? = nil) throws {
        var file: FileHandle?
        if let path {
            try Data().write(to: URL(fileURLWithPath: path))
            file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        }
        state = Mutex(State(file: file))
    }

    /// Milliseconds since the run began.
    package var nowMs: Int { Int((ContinuousClock.now - start) / .milliseconds(1)) }

    /// Everything noted so far.
    package var entries: [Entry] { state.withLock { $0.entries } }

    /// Notes something.
    package func note(_ entry: Entry) {
        let line = try? JSONEncoder().encode(entry)
        state.withLock { state in
            state.entries.append(entry)
            if let line { try? state.file?.write(contentsOf: line + [10]) }
        }
    }

    /// A new writing: the next number of its author to its addressee.
    package func writing(from author: String, to addressee: String) -> Writing {
        state.withLock { state in
            let pair = Writing(author: author, addressee: addressee, number: 0)
            let number = state.numbers[pair, default: 0]
            state.numbers[pair] = number + 1
            return Writing(author: author, addressee: addressee, number: number)
        }
    }
}
