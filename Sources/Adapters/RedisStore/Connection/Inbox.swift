import Mailbox
import Synchronization

/// A command and who waits for its reply.
struct Job: Sendable {
    let command: Command
    let submittedAt: ContinuousClock.Instant
    let complete: @Sendable (Result<Reply, StoreError>) -> Void
}

/// Commands on their way from tasks to a connection's queue, as many as one turn of the queue finds; bounded.
final class Inbox: Sendable {
    private struct State {
        var jobs: [Job] = []
        /// Commands and octets that were not written to the socket yet, here or at the connection.
        var count = 0
        var octets = 0
    }

    private static let countLimit = 100_000
    private static let octetLimit = 256 << 20

    private let state = Mutex(State())

    enum Admission {
        case refused
        case isFirst
        case queued
    }

    func append(_ job: Job) -> Admission {
        state.withLock { state in
            guard state.count < Self.countLimit, state.octets < Self.octetLimit else { return .refused }
            state.jobs.append(job)
            state.count += 1
            state.octets += job.command.size
            return state.jobs.count == 1 ? .isFirst : .queued
        }
    }

    func takeAll() -> [Job] {
        state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
    }

    /// A command was written, or will not be.
    func left(_ job: Job) {
        state.withLock { state in
            state.count -= 1
            state.octets -= job.command.size
        }
    }
}

/// First in, first out, without moving what waits.
struct FIFO<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var first: Element? { head < elements.count ? elements[head] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: head <= 4096)
            head = 0
        } else if head >= 4096, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}
