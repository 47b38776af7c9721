import Dispatch
import Synchronization

/// What waits for a thread, first in, first out.
final class WorkQueue: Sendable {
    struct Entry: Sendable {
        let place: UInt64
        let since: ContinuousClock.Instant
        /// Does the work, and returns what tells the caller. The place is free before he is told.
        let work: @Sendable () -> @Sendable () -> Void
        let abandoned: @Sendable (any Error) -> Void
    }

    private struct State: Sendable {
        var waiting: [Entry] = []
        var nextPlace: UInt64 = 0
        var busyCount = 0
        var isStopped = false
        var averageTime = Duration.milliseconds(1)
    }

    private let threadCount: Int
    private let limit: Int
    private let metrics: PoolMetrics?
    private let state = Mutex(State())
    /// One for each entry, and one more for each thread that has to end. A thread that was woken for a cancelled entry
    /// finds nothing and sleeps again.
    private let wakeups = DispatchSemaphore(value: 0)

    init(threadCount: Int, limit: Int, metrics: PoolMetrics?) {
        self.threadCount = threadCount
        self.limit = limit
        self.metrics = metrics
    }

    var length: Int { state.withLock { max(0, $0.waiting.count + $0.busyCount - threadCount) } }

    func newPlace() -> UInt64 {
        state.withLock {
            $0.nextPlace += 1
            return $0.nextPlace
        }
    }

    func append(_ entry: Entry) {
        let refusal: (any Error)? = state.withLock { state in
            // A task is marked before `cancel` is called for it: what is not marked here `cancel` will find waiting.
            if Task.isCancelled { return CancellationError() }
            if state.isStopped { return WorkPoolStopped() }
            guard state.waiting.count + state.busyCount < threadCount + limit else {
                return WorkPoolFull(expectedWait: state.averageTime * (limit + 1) / threadCount)
            }
            state.waiting.append(entry)
            return nil
        }
        guard let refusal else {
            metrics?.waiting.add(1)
            wakeups.signal()
            return
        }
        if refusal is WorkPoolFull { metrics?.shed.add() }
        entry.abandoned(refusal)
    }

    func cancel(_ place: UInt64) {
        let entry: Entry? = state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.place == place }) else { return nil }
            return state.waiting.remove(at: index)
        }
        guard let entry else { return }
        metrics?.waiting.add(-1)
        entry.abandoned(CancellationError())
    }

    /// Waits for work and does it; false when the thread has to end.
    func performNext() -> Bool {
        wakeups.wait()
        let (next, ends): (Entry?, Bool) = state.withLock { state in
            guard !state.waiting.isEmpty else { return (nil, state.isStopped) }
            state.busyCount += 1
            return (state.waiting.removeFirst(), false)
        }
        guard let next else { return !ends }
        let start = ContinuousClock.now
        metrics?.waiting.add(-1)
        metrics?.busy.add(1)
        metrics?.waited.observe(start - next.since)
        let tell = next.work()
        let time = start.duration(to: .now)
        metrics?.worked.observe(time)
        metrics?.busy.add(-1)
        state.withLock { state in
            state.busyCount -= 1
            state.averageTime = (state.averageTime * 7 + time) / 8
        }
        tell()
        return true
    }

    func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        for _ in 0..<threadCount { wakeups.signal() }
    }
}
