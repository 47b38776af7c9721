import Dispatch
import Mailbox
import Synchronization

/// Wakes who waits for records: at once when this process appends, within some 15 ms when another one does.
///
/// While somebody waits, the file's data version is looked at; it changes with every commit of another connection.
final class News: Sendable {
    private struct Waiter: Sendable {
        let deadline: ContinuousClock.Instant
        let resume: @Sendable () -> Void
    }

    private struct State: Sendable {
        var waiters: [UInt64: Waiter] = [:]
        var nextID: UInt64 = 0
        var generation: UInt64 = 0
        var isWatching = false
    }

    private let state = Mutex(State())
    private let intervalMs = 15

    /// What `wait` compares: read it before looking for records.
    var generation: UInt64 { state.withLock { $0.generation } }

    /// Wakes everybody.
    func announce() {
        let waiters = state.withLock { state in
            state.generation += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Waits until there is news since `generation`, the deadline has passed, or the task is cancelled.
    func wait(since generation: UInt64, until deadline: ContinuousClock.Instant, watching reader: StoreQueue) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isLate, watch) = state.withLock { state in
                    guard state.generation == generation, !Task.isCancelled else { return (true, false) }
                    state.waiters[id] = Waiter(deadline: deadline) { continuation.resume() }
                    defer { state.isWatching = true }
                    return (false, !state.isWatching)
                }
                if isLate { continuation.resume() }
                if watch { self.watch(reader) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }

    private func watch(_ reader: StoreQueue) {
        Task {
            var version: Int64?
            while state.withLock({ state in
                if state.waiters.isEmpty { state.isWatching = false }
                return state.isWatching
            }) {
                let now = try? await reader.alone { database throws(StoreError) in
                    try database.first(SQL.dataVersion) { row throws(StoreError) in row.integer(0) }
                }
                if let now, now != version {
                    version = now
                    announce()
                }
                wakeLate()
                try? await Task.sleep(for: .milliseconds(intervalMs))
            }
        }
    }

    private func wakeLate() {
        let now = ContinuousClock.now
        let late = state.withLock { state in
            let late = state.waiters.filter { $0.value.deadline <= now }
            for id in late.keys { state.waiters[id] = nil }
            return late
        }
        for waiter in late.values { waiter.resume() }
    }
}
