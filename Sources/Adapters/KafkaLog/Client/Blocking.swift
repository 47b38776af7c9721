import Dispatch
import Foundation
import Mailbox
import Synchronization

/// Threads for those calls of librdkafka that wait for a broker. Swift's cooperative threads must not, nor Dispatch's own,
/// which on Linux are the same.
enum Blocking {
    private static let threads = Threads(limit: 16)

    static func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, StoreError>, Never>) in
            threads.perform { continuation.resume(returning: Result(catching: work)) }
        }
        return try result.get()
    }

    /// Does the work some time; nobody waits for it.
    static func later(_ work: @escaping @Sendable () -> Void) { threads.perform(work) }
}

/// As many threads as there is work, up to a limit; those that idle end.
private final class Threads: Sendable {
    private struct State: Sendable {
        var waiting: [@Sendable () -> Void] = []
        var idle = 0
        var count = 0
    }

    private let limit: Int
    private let state = Mutex(State())
    private let wakeups = DispatchSemaphore(value: 0)

    init(limit: Int) { self.limit = limit }

    func perform(_ work: @escaping @Sendable () -> Void) {
        let needsThread = state.withLock { state in
            state.waiting.append(work)
            guard state.waiting.count > state.idle, state.count < limit else { return false }
            state.count += 1
            state.idle += 1
            return true
        }
        if needsThread {
            let thread = Thread { [self] in while performNext() {} }
            thread.name = "kafka-blocking"
            thread.start()
        }
        wakeups.signal()
    }

    /// Waits for work and does it; false when the thread has idled for long.
    private func performNext() -> Bool {
        let isLate = wakeups.wait(timeout: .now() + .seconds(10)) == .timedOut
        let (work, ends): ((@Sendable () -> Void)?, Bool) = state.withLock { state in
            if !state.waiting.isEmpty {
                state.idle -= 1
                return (state.waiting.removeFirst(), false)
            }
            guard isLate else { return (nil, false) }
            state.idle -= 1
            state.count -= 1
            return (nil, true)
        }
        guard let work else { return !ends }
        work()
        state.withLock { $0.idle += 1 }
        return true
    }
}
