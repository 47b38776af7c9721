import Mailbox
import Observability

/// The worker that folds the log into the view, pushes mail to recipients that are there, lets what is overdue expire, and makes
/// delivery receipts. It keeps nothing: whoever owns a partition goes on from the view's position.
public struct DeliveryWorker: Sendable {
    private let mailLog: any MailLog
    private let view: any MailboxView
    private let configuration: DeliveryConfiguration
    private let counters = DeliveryCounters()
    private let log: Log

    /// What it has done so far.
    public var counts: DeliveryCounts { counters.now }

    /// A worker on these stores.
    public init(
        mailLog: any MailLog, view: any MailboxView, configuration: DeliveryConfiguration, log: Log
    ) {
        self.mailLog = mailLog
        self.view = view
        self.configuration = configuration
        self.log = log
    }

    /// Works for the partitions that it is given, until the task is cancelled.
    ///
    /// Throws `StoreError` where a store needs an operator: damaged, or of a later version.
    public func run() async throws {
        let channels = FrontChannels(configuration)
        let metrics = DeliveryMetrics(configuration.metrics)
        let eraser = Eraser(view, configuration, log: log)
        defer {
            let done = counts.all.filter { $0.count > 0 }.map { "\($0.name)=\($0.count)" }
            log.info("delivery worker stopped", ["counts": .text(done.joined(separator: " "))])
        }
        let (failures, failed) = AsyncThrowingStream<Never, any Error>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await own(channels, eraser, metrics, failed) }
            group.addTask { await eraser.run() }
            group.addTask { for try await _ in failures {} }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Works for partitions as they come and go, until the task is cancelled.
    private func own(
        _ channels: FrontChannels, _ eraser: Eraser, _ metrics: DeliveryMetrics,
        _ failed: AsyncThrowingStream<Never, any Error>.Continuation
    ) async {
        let starts = Limiter(configuration.startsAtATime)
        let dialler = Dialler(
            view: view, partitionCount: mailLog.partitionCount, channels: channels, configuration: configuration,
            places: Limiter(configuration.dialsAtATime), counters: counters, metrics: metrics, log: log)
        await withTaskGroup(of: Void.self) { owners in
            var tasks: [Int: Task<Void, any Error>] = [:]
            for await change in mailLog.ownership() {
                switch change {
                case .assigned(let partitions):
                    log.info("partitions assigned", Self.fields(partitions))
                    for partition in partitions where tasks[partition] == nil {
                        let owner = PartitionOwner(
                            tools: PartitionTools(
                                partition: partition, mailLog: mailLog, view: view, progress: FoldProgress(),
                                channels: channels, dialler: dialler, starts: starts, configuration: configuration,
                                counters: counters, metrics: metrics, log: log),
                            eraser: eraser)
                        let task = Task { try await owner.run() }
                        tasks[partition] = task
                        owners.addTask { await watch(task, failed) }
                    }
                case .revoked(let partitions):
                    log.info("partitions revoked", Self.fields(partitions))
                    let ending = partitions.compactMap { tasks.removeValue(forKey: $0) }
                    for task in ending { task.cancel() }
                    // A partition that comes back must not find its last owner still at work.
                    for task in ending { _ = await task.result }
                    for partition in partitions { metrics.forget(partition) }
                }
                metrics.owned.set(tasks.count)
            }
            owners.cancelAll()
        }
    }

    private static func fields(_ partitions: some Collection<Int>) -> KeyValuePairs<String, LogValue> {
        let list = partitions.sorted().map(String.init).joined(separator: ",")
        return ["count": LogValue(partitions.count), "partitions": .text(list)]
    }

    /// A partition that cannot go on ends the worker; one that was revoked does not.
    private func watch(
        _ task: Task<Void, any Error>, _ failed: AsyncThrowingStream<Never, any Error>.Continuation
    ) async {
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        if case .failure(let error) = result, !(error is CancellationError) { failed.finish(throwing: error) }
    }
}
