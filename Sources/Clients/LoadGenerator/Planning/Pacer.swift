/// Starts operations at their planned times, and waits for none of them: an open loop.
///
/// What a stalled cluster leaves unfinished piles up, and is charged to the cluster. Only beyond `limit` unfinished
/// operations is one not begun at all, and counted as failed.
package struct Pacer: Sendable {
    /// When the plan starts.
    package let start: ContinuousClock.Instant
    /// How many may be unfinished.
    package let limit: Int
    private let underway = Gauge()

    /// A pacer of a plan.
    package init(start: ContinuousClock.Instant, limit: Int = 20_000) {
        self.start = start
        self.limit = limit
    }

    /// How many have begun and not ended.
    package var unfinished: Int { underway.count }

    /// Runs the operations; returns when all have ended. Where the task is cancelled none is begun any more, and those that are
    /// under way end all the same.
    /// - Parameters:
    ///   - begin: hears of each operation as it starts, and of its planned instant, in order; does not wait.
    ///   - perform: does it, beside the others.
    ///   - shed: hears of those that are not begun.
    ///   - stopped: hears when the task was cancelled, if it was before all were begun.
    package func run(
        _ operations: [LoadPlan.Operation],
        begin: @Sendable (LoadPlan.Operation, ContinuousClock.Instant) -> Void,
        perform: @escaping @Sendable (LoadPlan.Operation, ContinuousClock.Instant) async -> Void,
        shed: @Sendable (LoadPlan.Operation) -> Void,
        stopped: @Sendable (ContinuousClock.Instant) -> Void = { _ in }
    ) async {
        await withDiscardingTaskGroup { group in
            for operation in operations {
                let planned = start + operation.at
                if planned > .now {
                    try? await ContinuousClock().sleep(until: planned, tolerance: .milliseconds(1))
                }
                guard !Task.isCancelled else { return stopped(.now) }
                begin(operation, planned)
                guard underway.add(below: limit) else {
                    shed(operation)
                    continue
                }
                group.addTask { [underway] in
                    // In a task of its own, which is not cancelled.
                    await Task { await perform(operation, planned) }.value
                    underway.remove()
                }
            }
        }
    }
}
