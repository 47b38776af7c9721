import Mailbox
import Observability

/// The worker that folds the log into the view, pushes mail to recipients that are there, lets what is overdue expire, and makes
/// delivery receipts. It keeps nothing: whoever owns a partition goes on from the view's position.
public struct DeliveryWorker: Sendable {
    private let mailLog: any MailLog
    private let view: any MailboxView
    private let configuration: DeliveryConfiguration
    private let log: Log

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
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingTaskGroup(of: Void.self) { owners in
                    var tasks: [Int: Task<Void, any Error>] = [:]
                    defer { for task in tasks.values { task.cancel() } }
                    for await change in mailLog.ownership() {
                        switch change {
                        case .assigned(let partitions):
                            log.info("partitions assigned", ["count": LogValue(partitions.count)])
                            for partition in partitions where tasks[partition] == nil {
                                let owner = PartitionOwner(
                                    partition: partition, mailLog: mailLog, view: view, channels: channels,
                                    configuration: configuration, log: log)
                                let task = Task { try await owner.run() }
                                tasks[partition] = task
                                // A partition that cannot go on ends the worker; one that was revoked does not.
                                owners.addTask {
                                    do {
                                        try await withTaskCancellationHandler {
                                            try await task.value
                                        } onCancel: {
                                            task.cancel()
                                        }
                                    } catch is CancellationError {}
                                }
                            }
                        case .revoked(let partitions):
                            log.info("partitions revoked", ["count": LogValue(partitions.count)])
                            for partition in partitions { tasks.removeValue(forKey: partition)?.cancel() }
                        }
                    }
                    owners.cancelAll()
                    try await owners.waitForAll()
                }
            }
            try await group.waitForAll()
        }
    }
}
