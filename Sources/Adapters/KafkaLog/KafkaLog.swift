import CRdKafka
import Dispatch
import Mailbox
import Primitives
import Synchronization

/// The log of a cluster: Kafka, through librdkafka.
///
/// What an append returns for is on all in-sync replicas, once and in order. Nothing here waits on a cooperative thread.
public final class KafkaLog: Sendable {
    /// What must be closed in order.
    struct Parts: Sendable {
        let tailHandle: KafkaHandle
        let contentsHandle: KafkaHandle
        var producer: Producer
        var tails: [Int: PartitionTail] = [:]
        var used: [Int: ContinuousClock.Instant] = [:]
        var lanes: [Int: ContentsLane] = [:]
        var pages: [Page: PartitionPages] = [:]
        /// Make the members of the group leave it.
        var leave: [@Sendable () -> Void] = []

        struct Page: Hashable {
            let topic: LogTopic
            let partition: Int
        }
    }

    /// How the log was opened.
    public let configuration: KafkaConfiguration
    /// How many partitions every topic has.
    public let partitionCount: Int
    let notices: Notices
    let lifetime: DispatchGroup
    let parts: Mutex<Parts?>
    let positions = Mutex<[Int: LogPosition]>([:])
    let name = Mutex<String?>(nil)

    /// How long a partition that nobody reads is still fetched.
    private static let idle = Duration.seconds(60)

    private init(
        _ configuration: KafkaConfiguration, _ parts: Parts, _ notices: Notices, _ lifetime: DispatchGroup,
        partitionCount: Int
    ) {
        self.configuration = configuration
        self.partitionCount = partitionCount
        self.notices = notices
        self.lifetime = lifetime
        self.parts = Mutex(parts)
    }

    /// Connects to the cluster, and looks whether the topics are there.
    /// - Throws: `StoreError`: `.unavailable` where no broker answers within the request timeout or a topic is missing,
    ///   `.misuse` for wrong options, `.corrupt` where the topics differ in their partition counts.
    public static func open(_ configuration: KafkaConfiguration) async throws(StoreError) -> KafkaLog {
        let notices = Notices(configuration.notice)
        let lifetime = DispatchGroup()
        let log: KafkaLog
        do throws(StoreError) {
            log = try await connect(configuration, notices, lifetime)
        } catch {
            // A process that now ends must have no thread left in the middle of TLS.
            await Self.end(lifetime)
            throw error
        }
        // A new log gets its name before anything else.
        do throws(StoreError) {
            _ = try await log.identity()
        } catch {
            await log.close(grace: .zero)
            throw error
        }
        return log
    }

    private static func connect(
        _ configuration: KafkaConfiguration, _ notices: Notices, _ lifetime: DispatchGroup
    ) async throws(StoreError) -> KafkaLog {
        try await Blocking.run { () throws(StoreError) in
            let consuming = [
                // Needed for explicit assignments too; nothing is subscribed by these handles.
                ("group.id", configuration.groupID), ("enable.auto.commit", "false"),
                ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"),
                ("enable.partition.eof", "true"), ("check.crcs", "true"), ("fetch.error.backoff.ms", "100"),
                // Above what may lie in a queue: beyond it librdkafka 2.0 fetches nothing for a second.
                ("queued.min.messages", "1000000"),
            ]
            let tails = try KafkaHandle(
                .consumer,
                consuming + [
                    ("fetch.wait.max.ms", "100"), ("max.partition.fetch.bytes", String(512 << 10)),
                    ("queued.max.messages.kbytes", String(max(configuration.readAheadOctets >> 10, 1))),
                ], configuration, notices, lifetime)
            let contents = try KafkaHandle(
                .consumer,
                consuming + [
                    // A long poll at the end of another partition would hold the next fetch back.
                    ("fetch.wait.max.ms", "10"), ("max.partition.fetch.bytes", String(1 << 20)),
                    ("queued.max.messages.kbytes", "16384"),
                ], configuration, notices, lifetime)
            let partitionCount = try Opening(tails).partitionCount()
            let parts = Parts(
                tailHandle: tails, contentsHandle: contents,
                producer: try Producer(configuration, notices, lifetime))
            return KafkaLog(configuration, parts, notices, lifetime, partitionCount: partitionCount)
        }
    }

    /// Waits until all handles are gone.
    static func end(_ lifetime: DispatchGroup) async {
        _ = try? await Blocking.run { () throws(StoreError) in lifetime.wait(timeout: .now() + .seconds(30)) == .success
        }
    }

    /// Leaves the group, sends what waits for at most `grace`, and closes every connection. Every later call fails with
    /// `.closed`.
    public func close(grace: Duration = .seconds(10)) async {
        await endParts(grace: grace)
        // The handles go with their last users: calls that are under way, each of which ends in bounded time.
        await Self.end(lifetime)
    }

    private func endParts(grace: Duration) async {
        let taken = parts.withLock { parts -> Parts? in
            defer { parts = nil }
            return parts
        }
        guard let taken else { return }
        for leave in taken.leave { leave() }
        for tail in taken.tails.values { await tail.stop(isFinal: true) }
        let producer = taken.producer
        _ = try? await Blocking.run { () throws(StoreError) in producer.close(grace: grace) }
    }

    func check(_ partition: Int) throws(StoreError) {
        guard (0..<partitionCount).contains(partition) else {
            throw StoreError(.misuse, "there is no partition \(partition): the topics have \(partitionCount)")
        }
    }

    /// Uses the parts, unless the log was closed.
    func withParts<Value>(_ body: (inout sending Parts) throws(StoreError) -> sending Value) throws(StoreError) -> Value
    {
        try parts.withLock { parts throws(StoreError) in
            guard var open = parts else { throw Producer.closed }
            defer { parts = open }
            return try body(&open)
        }
    }

    /// The producer; another where the last one was given up.
    func producer() throws(StoreError) -> Producer {
        let (current, spent) = try withParts { parts throws(StoreError) -> (Producer, Producer?) in
            guard parts.producer.isSpent else { return (parts.producer, nil) }
            let spent = parts.producer
            parts.producer = try Producer(configuration, notices, lifetime)
            return (parts.producer, spent)
        }
        if let spent {
            Task { try? await Blocking.run { () throws(StoreError) in spent.close(grace: .zero) } }
        }
        return current
    }

    func tail(_ partition: Int) throws(StoreError) -> PartitionTail {
        let (tail, idle) = try withParts { parts throws(StoreError) -> (PartitionTail, [PartitionTail]) in
            let now = ContinuousClock.now
            let tail: PartitionTail
            if let there = parts.tails[partition] {
                tail = there
            } else {
                tail = try PartitionTail(parts.tailHandle, asking: parts.contentsHandle, partition)
                parts.tails[partition] = tail
            }
            parts.used[partition] = now
            let idle = parts.used.filter { now - $0.value > Self.idle }.map(\.key)
            for partition in idle { parts.used[partition] = nil }
            return (tail, idle.compactMap { parts.tails[$0] })
        }
        if !idle.isEmpty { Task { for tail in idle { await tail.stop(isFinal: false) } } }
        return tail
    }

    /// Reads no more ahead in partitions that went to another worker.
    func drop(_ partitions: Set<Int>) {
        positions.withLock { positions in for partition in partitions { positions[partition] = nil } }
        let tails =
            (try? withParts { parts throws(StoreError) -> [PartitionTail] in
                partitions.compactMap { parts.tails[$0] }
            }) ?? []
        Task { for tail in tails { await tail.stop(isFinal: false) } }
    }

    func lane(_ partition: Int) throws(StoreError) -> ContentsLane {
        try withParts { parts throws(StoreError) -> ContentsLane in
            if let lane = parts.lanes[partition] { return lane }
            let lane = try ContentsLane(parts.contentsHandle, partition)
            parts.lanes[partition] = lane
            return lane
        }
    }

    func pages(_ topic: LogTopic, _ partition: Int) throws(StoreError) -> PartitionPages {
        try withParts { parts throws(StoreError) -> PartitionPages in
            let key = Parts.Page(topic: topic, partition: partition)
            if let pages = parts.pages[key] { return pages }
            let pages = try PartitionPages(parts.contentsHandle, topic, partition)
            parts.pages[key] = pages
            return pages
        }
    }
}
