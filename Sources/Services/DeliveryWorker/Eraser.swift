import Mailbox
import Observability
import Primitives

/// Sees to it that the files behind the view forget in time what this worker has removed from it.
actor Eraser {
    private static let longestPause = Duration.seconds(60)

    private let view: any MailboxView
    private let configuration: DeliveryConfiguration
    private let log: Log
    private var schedule: ErasureSchedule

    init(_ view: any MailboxView, _ configuration: DeliveryConfiguration, log: Log) {
        self.view = view
        self.configuration = configuration
        self.log = log
        schedule = ErasureSchedule(lagMs: configuration.compactionLagMs, beginningAt: configuration.now())
    }

    /// Looks whether a fold has removed something.
    func note(_ changes: [ViewChange]) {
        let removes = changes.contains { change in
            if case .remove = change { true } else { false }
        }
        if removes { schedule.noteRemoval(now: configuration.now()) }
    }

    /// Works until the task is cancelled.
    func run() async {
        var pause = configuration.expiryInterval
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            do throws(StoreError) {
                let isDone = try await work()
                pause = isDone ? configuration.expiryInterval : min(pause * 2, Self.longestPause)
            } catch {
                log.warning("view's files still hold what was removed", ["detail": .text(error.detail)])
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// False where it is to be tried again, later.
    private func work() async throws(StoreError) -> Bool {
        guard let age = schedule.due(now: configuration.now()) else { return true }
        guard let begun = try await view.erase(removedFor: age) else { return false }
        let begunMsAgo = Int64(begun / .milliseconds(1))
        schedule.erased(from: configuration.now().advanced(byMilliseconds: -begunMsAgo))
        log.debug("view's files written anew", ["begun_ms_ago": LogValue(begunMsAgo)])
        return true
    }
}
