import LoadGenerator
import Synchronization
import Testing

/// An open loop: what is planned begins when it is planned, whatever becomes of what was begun before.
@Suite struct PacerTests {
    private struct Begun: Sendable {
        let number: UInt64
        let late: Duration
    }

    private final class Notes: Sendable {
        let begun = Mutex<[Begun]>([])
        let latencies = Mutex<[Duration]>([])
        let shed = Mutex<Int>(0)
    }

    private func plan(rate: Double, seconds: Int) -> LoadPlan {
        var plan = LoadPlan()
        plan.rate = rate
        plan.spacing = .even
        plan.duration = .seconds(seconds)
        plan.churn = 0
        return plan
    }

    private func run(
        _ plan: LoadPlan, limit: Int = 20_000, _ serve: @escaping @Sendable (UInt64) async -> Void
    ) async -> Notes {
        let notes = Notes()
        await Pacer(start: .now, limit: limit).run(
            plan.operations,
            begin: { operation, planned in
                guard case .deposit(let deposit) = operation.action else { return }
                notes.begun.withLock { $0.append(Begun(number: deposit.number, late: .now - planned)) }
            },
            perform: { operation, planned in
                guard case .deposit(let deposit) = operation.action else { return }
                await serve(deposit.number)
                notes.latencies.withLock { $0.append(.now - planned) }
            },
            shed: { _ in notes.shed.withLock { $0 += 1 } })
        return notes
    }

    @Test func aServerThatStallsDoesNotStallThePlan() async {
        let plan = plan(rate: 100, seconds: 2)
        let begin = ContinuousClock.now
        let stall = begin + .milliseconds(1500)
        // From 0.5 s on nothing is answered for a second.
        let notes = await run(plan) { number in
            if number >= 50, .now < stall { try? await ContinuousClock().sleep(until: stall) }
        }
        let begun = notes.begun.withLock { $0 }
        #expect(begun.map(\.number) == (0..<UInt64(begun.count)).map { $0 })
        #expect(begun.count >= 199)
        // All of the stall began on time; a busy machine may be late now and then.
        let late = begun.map(\.late).sorted()
        #expect(late[begun.count / 2] < .milliseconds(100))
        // Who was to start during the stall waited for its end, and is charged for it: half of them half of it and more. A closed
        // loop would have seen one slow answer.
        let latencies = notes.latencies.withLock { $0 }
        #expect(latencies.count == begun.count)
        #expect(latencies.count { $0 > .milliseconds(500) } >= 45)
    }

    @Test func whatIsBeyondTheLimitIsNotBegunAndIsCounted() async {
        let plan = plan(rate: 100, seconds: 1)
        let release = ContinuousClock.now + .milliseconds(1500)
        let notes = await run(plan, limit: 10) { _ in try? await ContinuousClock().sleep(until: release) }
        let begun = notes.begun.withLock { $0.count }
        #expect(notes.latencies.withLock { $0.count } == 10)
        #expect(notes.shed.withLock { $0 } == begun - 10)
    }

    @Test func aCancelledTaskBeginsNothingMore() async {
        let plan = plan(rate: 100, seconds: 60)
        let task = Task { await run(plan) { _ in } }
        try? await Task.sleep(for: .milliseconds(300))
        task.cancel()
        let notes = await task.value
        #expect(notes.begun.withLock { $0.count } < 3000)
    }

    @Test func whatIsUnderWayWhenItIsStoppedEndsUndisturbed() async {
        let (plan, notes, start) = (plan(rate: 100, seconds: 60), Notes(), ContinuousClock.now)
        let stoppedAt = Mutex<ContinuousClock.Instant?>(nil)
        let task = Task {
            await Pacer(start: start).run(
                plan.operations, begin: { _, _ in },
                perform: { _, planned in
                    try? await Task.sleep(for: .milliseconds(700))
                    notes.latencies.withLock { $0.append(.now - planned) }
                },
                shed: { _ in }, stopped: { instant in stoppedAt.withLock { $0 = instant } })
        }
        try? await Task.sleep(for: .milliseconds(300))
        task.cancel()
        await task.value
        let latencies = notes.latencies.withLock { $0 }
        #expect(!latencies.isEmpty && latencies.allSatisfy { $0 >= .milliseconds(700) })
        let stopped = stoppedAt.withLock { $0 }
        #expect(stopped.map { $0 - start >= .milliseconds(290) && $0 - start < .seconds(30) } == true)
    }
}
