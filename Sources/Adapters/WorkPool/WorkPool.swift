import Foundation
import Observability

/// A fixed number of threads for work that computes long: pairings, key extraction.
///
/// Such work must run neither on an event loop nor on Swift's cooperative threads, whose number is that of the cores: all
/// other tasks would stand still. The queue before the threads is bounded, so that a caller learns at once that there is
/// more work than the machine can do, and can shed it.
public final class WorkPool: Sendable {
    private let queue: WorkQueue

    /// The number of threads.
    public let threadCount: Int

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - name: of the threads, for those who look at the process.
    ///   - threadCount: at least 1; smaller values count as 1.
    ///   - queueLimit: how many pieces of work may wait for a thread; negative values count as 0.
    ///   - metrics: where the work is counted, under the pool's name; nowhere by default.
    ///
    /// With a limit of 0 work is taken only while a thread is idle.
    public init(name: String, threadCount: Int, queueLimit: Int, metrics: MetricRegistry? = nil) {
        let threadCount = max(1, threadCount)
        let metrics = metrics.map { PoolMetrics($0, pool: LabelValue(name, of: [name]), threadCount: threadCount) }
        let queue = WorkQueue(threadCount: threadCount, limit: max(0, queueLimit), metrics: metrics)
        self.queue = queue
        self.threadCount = threadCount
        for number in 1...threadCount {
            let thread = Thread { while queue.performNext() {} }
            thread.name = "\(name)-\(number)"
            thread.stackSize = 2 << 20
            thread.start()
        }
    }

    deinit { queue.stop() }

    /// How many pieces of work wait for a thread now.
    public var queueLength: Int { queue.length }

    /// Runs the work on one of the threads and returns what it returns.
    ///
    /// A task that is cancelled while its work waits gives up its place; work that has begun is finished.
    ///
    /// Throws `WorkPoolFull` where the queue is full, `WorkPoolStopped` after `stop`, `CancellationError` for a cancelled
    /// task, and what the work throws.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let place = queue.newPlace()
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                queue.append(
                    WorkQueue.Entry(
                        place: place, since: .now,
                        work: {
                            let result = Result { try work() }
                            return { continuation.resume(with: result) }
                        },
                        abandoned: { continuation.resume(throwing: $0) }))
            }
        } onCancel: {
            queue.cancel(place)
        }
    }

    /// Takes no more work. What waits is still done; then the threads end.
    public func stop() { queue.stop() }
}

/// All threads are busy and the queue is full: shed the work.
public struct WorkPoolFull: Error, Equatable, CustomStringConvertible {
    /// When there will likely be room, from how long work took so far.
    public let expectedWait: Duration
    /// The fault, and what to do.
    public var description: String {
        "more work than the machine can do: try again in \(max(1, Int((expectedWait / .milliseconds(1)).rounded()))) ms"
    }
}

/// The pool was stopped.
public struct WorkPoolStopped: Error, Equatable, CustomStringConvertible {
    /// The fault.
    public var description: String { "shutting down: try again elsewhere" }
}
