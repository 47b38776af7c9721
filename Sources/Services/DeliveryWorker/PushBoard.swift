import IdentityBasedEncryption
import Mailbox
import Observability
import Primitives

/// Who is being pushed to in one partition: at most one pusher a mailbox, into the stream that was opened last.
actor PushBoard {
    private let partition: Int
    private let mailLog: any MailLog
    private let view: any MailboxView
    private let channels: FrontChannels
    private let configuration: DeliveryConfiguration
    private let metrics: DeliveryMetrics
    private let log: Log
    private var pushers: [Identity: Running] = [:]

    private struct Running {
        let pusher: Pusher
        let task: Task<Void, Never>
    }

    init(
        partition: Int, mailLog: any MailLog, view: any MailboxView, channels: FrontChannels,
        configuration: DeliveryConfiguration, metrics: DeliveryMetrics, log: Log
    ) {
        self.partition = partition
        self.mailLog = mailLog
        self.view = view
        self.channels = channels
        self.configuration = configuration
        self.metrics = metrics
        self.log = log
    }

    /// Keeps the pushers until the task is cancelled, then ends them.
    func run() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        for running in pushers.values { running.task.cancel() }
        for running in pushers.values { await running.task.value }
    }

    /// For an owner that begins, or begins again: pushers for all that can be reached and have something waiting.
    func startReachable() async throws {
        for running in pushers.values { running.pusher.lookAgain() }
        var last: Identity?
        repeat {
            let page = try await view.reachable(in: partition, after: last, now: configuration.now(), limit: 256)
            for mailbox in page { try await ensurePusher(for: mailbox) }
            last = page.last
        } while last != nil
    }

    /// Takes what a fold brought.
    func note(_ outcome: FoldOutcome) async {
        for key in outcome.settled { pushers[key.mailbox]?.pusher.settled(key) }
        for mailbox in Set(outcome.arrived.map(\.envelope.mailbox)) { pushers[mailbox]?.pusher.arrived() }
        for mailbox in outcome.reachable {
            do {
                try await ensurePusher(for: mailbox)
            } catch {
                // The next renewal of the route tries again.
                log.warning("no pusher", ["partition": LogValue(partition), "reason": .text("\(error)")])
            }
        }
    }

    private func ensurePusher(for mailbox: Identity) async throws {
        let routes = try await view.routes(to: mailbox, partition: partition, now: configuration.now())
        guard let route = routes.first else { return }
        if let running = pushers[mailbox] {
            guard running.pusher.route.stream != route.stream else { return }
            running.task.cancel()
        }
        let pusher = Pusher(
            mailbox: mailbox, route: route, partition: partition, mailLog: mailLog, view: view,
            configuration: configuration, metrics: metrics, log: log)
        let channel = try channels.channel(to: route.front)
        let metrics = self.metrics
        metrics.pushers.add(1)
        let task = Task {
            let status = await pusher.run(over: channel)
            metrics.pushers.add(-1)
            metrics.countEnd(status)
            if status?.code == .unavailable { channels.forget(route.front) }
            self.ended(pusher)
        }
        pushers[mailbox] = Running(pusher: pusher, task: task)
    }

    private func ended(_ pusher: Pusher) {
        guard pushers[pusher.mailbox]?.pusher === pusher else { return }
        pushers[pusher.mailbox] = nil
    }
}
