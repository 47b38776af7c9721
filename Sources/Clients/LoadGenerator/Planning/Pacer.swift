/// Starts operations at their planned times, and waits for none of them: an open loop.
///
/// What a stalled cluster leaves unfinished piles up, and is charged to the cluster. Only beyond `limit` unfinished
/// operations is one not begun at all, and counted as failed.
package struct Pacer: Sendable {
    /// When the plan starts.
    package let start: ContinuousClock.Instant
    /// How many may be unfinished.
    package let limit: Int

    /// A pacer of a plan.
    package init(start: ContinuousClock.Instant, limit: Int = 20_000) {
        self.start = start
        self.limit = limit
    }

    /// Runs the operations; returns when all have ended, or the task is cancelled and they have.
    /// - Parameters:
    ///   - begin: hears of each operation as it starts, and of its planned instant, in order; does not wait.
    ///   - perform: does it, beside the others.
    ///   - shed: hears of those that are not begun.
    package func run(
        _ operations: [LoadPlan.Operation],
        begin: @Sendable (LoadPlan.Operation, ContinuousClock.Instant) -> Void,
        perform: @escaping @Sendable (LoadPlan.Operation, ContinuousClock.Instant) async -> Void,
        shed: @Sendable (LoadPlan.Operation) -> Void
    ) async {
        let underway = Gauge()
        await withDiscardingTaskGroup { group in
            for operation in operations {
                let planned = start + operation.at
                if planned > .now {
                    guard (try? await ContinuousClock().sleep(until: planned, tolerance: .milliseconds(1))) != nil
                    else { break }
                } else if Task.isCancelled {
                    break
                }
                begin(operation, planned)
                guard underway.add(below: limit) else {
                    shed(operation)
                    continue
                }
                group.addTask {
                    await perform(operation, planned)
                    underway.remove()
                }
            }
        }
    }
}
