import Mailbox
import Observability

/// Asks the stores a small question again and again, so that a process says of itself that it is not ready while they do not answer.
public struct StoreProbe: Sendable {
    private let mailLog: any MailLog
    private let view: any MailboxView
    private let sessions: (any SessionStore)?
    private let readiness: Readiness
    private let up: MetricFamily<Gauge>

    /// The parts of readiness that the probe keeps.
    public static let parts = ["log", "view", "sessions"]
    /// How long an answer may take.
    static let patience = Duration.seconds(5)
    /// How often it asks.
    static let interval = Duration.seconds(2)

    /// A probe of these stores; `sessions` where the process uses them.
    public init(
        mailLog: any MailLog, view: any MailboxView, sessions: (any SessionStore)?, readiness: Readiness,
        registry: MetricRegistry
    ) {
        self.mailLog = mailLog
        self.view = view
        self.sessions = sessions
        self.readiness = readiness
        up = registry.gauges(
            "poste_store_up", "Whether a store answered when it was last asked, 1 or 0.", labels: "store")
    }

    /// Asks until the task is cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await ask("log", "log") { () throws(StoreError) in _ = try await mailLog.bounds(of: 0) } }
            group.addTask { await ask("view", "view") { () throws(StoreError) in _ = try await view.position(of: 0) } }
            if let sessions {
                group.addTask {
                    await ask("sessions", "sessions") { () throws(StoreError) in
                        _ = try await sessions.value(of: SessionKey(kind: .counter, name: Array("probe".utf8)))
                    }
                }
            }
        }
    }

    private func ask(
        _ part: String, _ label: LabelValue, _ question: @escaping @Sendable () async throws(StoreError) -> Void
    ) async {
        let gauge = up[label]
        while !Task.isCancelled {
            let fault = await fault(question)
            if Task.isCancelled { return }
            gauge.set(fault == nil ? 1 : 0)
            if let fault { readiness.lacking(part, fault) } else { readiness.ready(part) }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Why there is no answer, or none. An answer that is late is waited for all the same: there is one question at a time.
    private func fault(_ question: @escaping @Sendable () async throws(StoreError) -> Void) async -> String? {
        let start = ContinuousClock.now
        do throws(StoreError) {
            try await question()
        } catch {
            return error.detail
        }
        let time = ContinuousClock.now - start
        return time > Self.patience ? "it took \(Int(time / .seconds(1))) s to answer" : nil
    }
}
