import Dispatch
import Foundation
import Synchronization
import Testing
import WorkPool

@Suite(.timeLimit(.minutes(1))) struct WorkPoolTests {
    private struct Mistake: Error {}

    @Test func returnsWhatTheWorkReturnsAndThrowsWhatItThrows() async throws {
        let pool = WorkPool(name: "test", threadCount: 2, queueLimit: 10)
        #expect(try await pool.run { 6 * 7 } == 42)
        await #expect(throws: Mistake.self) { try await pool.run { throw Mistake() } }
    }

    @Test func takesWorkOneAfterTheOtherWithoutAQueue() async throws {
        let pool = WorkPool(name: "test", threadCount: 1, queueLimit: 0)
        for number in 0..<1000 { #expect(try await pool.run { number } == number) }
    }

    @Test func runsAsManyAtOnceAsItHasThreadsAndNoMore() async throws {
        let pool = WorkPool(name: "test", threadCount: 3, queueLimit: 100)
        let counts = Counts()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { try await pool.run { counts.during { usleep(1000) } } } }
            try await group.waitForAll()
        }
        #expect(counts.done == 50)
        #expect(counts.highest <= 3)
        // With three at once each must wait for two others that run.
        let meeting = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await pool.run {
                        meeting.signal()
                        meeting.signal()
                        return (0..<2).allSatisfy { _ in meeting.wait(timeout: .now() + 20) == .success }
                    }
                }
            }
            for try await met in group { #expect(met) }
        }
    }

    @Test func shedsWhatTheQueueCannotHold() async throws {
        let pool = WorkPool(name: "test", threadCount: 1, queueLimit: 2)
        let gate = DispatchSemaphore(value: 0)
        async let first: Void = pool.run { gate.wait() }
        async let second: Void = pool.run { gate.wait() }
        async let third: Void = pool.run { gate.wait() }
        while pool.queueLength < 2 { await Task.yield() }
        await #expect(throws: WorkPoolFull.self) { try await pool.run {} }
        #expect(pool.queueLength == 2)
        for _ in 0..<3 { gate.signal() }
        _ = try await (first, second, third)
        #expect(pool.queueLength == 0)
        try await pool.run {}
    }

    @Test func cancelledTaskGivesUpItsPlace() async throws {
        let pool = WorkPool(name: "test", threadCount: 1, queueLimit: 1)
        let gate = DispatchSemaphore(value: 0)
        let counts = Counts()
        let started = Counts()
        let first = Task {
            try await pool.run {
                started.during {}
                gate.wait()
            }
        }
        while started.done < 1 { await Task.yield() }
        let second = Task { try await pool.run { counts.during {} } }
        while pool.queueLength < 1 { await Task.yield() }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(pool.queueLength == 0)
        let third = Task { try await pool.run { 3 } }
        gate.signal()
        try await first.value
        #expect(try await third.value == 3)
        #expect(counts.done == 0)
    }

    @Test func finishesWhatWaitsWhenStopped() async throws {
        let pool = WorkPool(name: "test", threadCount: 1, queueLimit: 5)
        let gate = DispatchSemaphore(value: 0)
        let started = Counts()
        async let first = pool.run {
            started.during {}
            gate.wait()
            return 1
        }
        while started.done < 1 { await Task.yield() }
        async let second = pool.run { 2 }
        while pool.queueLength < 1 { await Task.yield() }
        pool.stop()
        await #expect(throws: WorkPoolStopped.self) { try await pool.run {} }
        gate.signal()
        #expect(try await first + second == 3)
    }
}

/// How many closures run at once.
private final class Counts: Sendable {
    private let running = Mutex(0)
    private let most = Mutex(0)
    private let finished = Mutex(0)

    var highest: Int { most.withLock { $0 } }
    var done: Int { finished.withLock { $0 } }

    func during(_ work: () -> Void) {
        let now = running.withLock { count in
            count += 1
            return count
        }
        most.withLock { $0 = max($0, now) }
        work()
        running.withLock { $0 -= 1 }
        finished.withLock { $0 += 1 }
    }
}
