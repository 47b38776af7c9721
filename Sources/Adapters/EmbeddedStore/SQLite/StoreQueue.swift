import Dispatch
import Mailbox
import Synchronization

/// A connection and the serial queue that alone uses it, so that no call of SQLite's blocks Swift's own threads.
///
/// Writes that wait together are committed together: one sync to disk serves all of them.
final class StoreQueue: Sendable {
    private struct Job: Sendable {
        let work: @Sendable (Database) throws(StoreError) -> Void
        let done: @Sendable (StoreError?) -> Void
    }

    /// How many jobs one commit may carry.
    private static let batchLimit = 512

    private let database: Database
    private let queue: DispatchQueue
    private let waiting = Mutex<[Job]>([])
    private let afterCommit: @Sendable () -> Void

    init(_ database: Database, label: String, afterCommit: @escaping @Sendable () -> Void = {}) {
        self.database = database
        queue = DispatchQueue(label: label)
        self.afterCommit = afterCommit
    }

    /// Reads, in a transaction, so that all of it belongs together.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        try await alone { database throws(StoreError) in
            try database.transaction(.reading) { () throws(StoreError) in try body(database) }
        }
    }

    /// Does something outside any transaction.
    func alone<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        let outcome = await withCheckedContinuation {
            (continuation: CheckedContinuation<Swift.Result<Result, StoreError>, Never>) in
            queue.async { [database] in
                do throws(StoreError) {
                    continuation.resume(returning: .success(try body(database)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try outcome.get()
    }

    /// Writes. Returns when it is on disk.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        let holder = Holder<Result>()
        let fault = await withCheckedContinuation { (continuation: CheckedContinuation<StoreError?, Never>) in
            let job = Job(
                work: { database throws(StoreError) in
                    let result = try body(database)
                    holder.box.withLock { $0 = result }
                },
                done: { continuation.resume(returning: $0) })
            let isFirst = waiting.withLock { jobs in
                jobs.append(job)
                return jobs.count == 1
            }
            if isFirst { queue.async { self.commitWaiting() } }
        }
        if let fault { throw fault }
        guard let result = holder.box.withLock({ $0 }) else {
            throw StoreError(.unavailable, "a write of the store \(database.path) was not made; try again")
        }
        return result
    }

    /// A mutex that closures can share.
    private final class Holder<Value: Sendable>: Sendable {
        let box = Mutex<Value?>(nil)
    }

    func close() async {
        _ = try? await alone { database throws(StoreError) in database.close() }
    }

    private func commitWaiting() {
        while true {
            let jobs = waiting.withLock { Array($0.prefix(Self.batchLimit)) }
            guard !jobs.isEmpty else { return }
            let faults = commit(jobs)
            // The queue is scheduled for the first who comes to an empty list: take out before anybody is told.
            let more = waiting.withLock { waiting in
                waiting.removeFirst(jobs.count)
                return !waiting.isEmpty
            }
            for (job, fault) in zip(jobs, faults) { job.done(fault) }
            if faults.contains(where: { $0 == nil }) { afterCommit() }
            if !more { return }
        }
    }

    private func commit(_ jobs: [Job]) -> [StoreError?] {
        do throws(StoreError) {
            return try database.transaction(.writing) { () throws(StoreError) in
                var faults: [StoreError?] = []
                for job in jobs { faults.append(try attempt(job)) }
                return faults
            }
        } catch {
            return jobs.map { _ in error }
        }
    }

    /// Runs a job so that it leaves nothing behind if it fails; throws where the whole transaction is lost.
    private func attempt(_ job: Job) throws(StoreError) -> StoreError? {
        try database.run(SQL.savepoint)
        do throws(StoreError) {
            try job.work(database)
            try database.run(SQL.release)
            return nil
        } catch {
            guard database.isInTransaction else { throw error }
            try database.run(SQL.rollbackToSavepoint)
            try database.run(SQL.release)
            return error
        }
    }
}
