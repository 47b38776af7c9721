import CRdKafka
import Dispatch
import Foundation
import Mailbox
import Synchronization

/// The idempotent producer: what it reports as delivered is on all in-sync replicas, once, in order.
///
/// `@unchecked Sendable`: the topics' pointers are not Sendable by themselves; librdkafka lets any thread use them.
final class Producer: @unchecked Sendable {
    private let handle: KafkaHandle
    private let configuration: KafkaConfiguration
    private let topics: [OpaquePointer]
    private let tickets = Tickets()
    private let reports: DeliveryReports
    private let room = Bell()
    private let isClosed = Atomic(false)

    init(
        _ configuration: KafkaConfiguration, _ notices: Notices, _ lifetime: DispatchGroup
    ) throws(StoreError) {
        self.configuration = configuration
        let handle = try KafkaHandle(
            .producer,
            [
                ("enable.idempotence", "true"), ("acks", "all"), ("compression.codec", "lz4"), ("linger.ms", "0"),
                ("message.timeout.ms", String(configuration.messageTimeoutMs)),
                ("queue.buffering.max.messages", "100000"),
                ("queue.buffering.max.kbytes", String(max(configuration.sendQueueOctets >> 10, 1))),
                ("statistics.interval.ms", configuration.statistics == nil ? "0" : String(KafkaStatistics.intervalMs)),
            ], events: RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS, configuration, notices, lifetime)
        self.handle = handle
        var topics: [OpaquePointer] = []
        for topic in LogTopic.allCases {
            guard let pointer = rd_kafka_topic_new(handle.pointer, configuration.name(of: topic), nil) else {
                for topic in topics { rd_kafka_topic_destroy(topic) }
                throw KafkaFault(rd_kafka_last_error()).storeError("no records can be sent", notices)
            }
            topics.append(pointer)
        }
        self.topics = topics
        reports = DeliveryReports(handle, tickets, room)
    }

    deinit {
        reports.stop()
        for topic in topics { rd_kafka_topic_destroy(topic) }
    }

    /// Whether librdkafka has given this producer up, so that another must be made.
    var isSpent: Bool { rd_kafka_fatal_error(handle.pointer, nil, 0) != RD_KAFKA_RESP_ERR_NO_ERROR }

    func append(_ records: [LogRecord], to topic: LogTopic, partition: Int) async throws(StoreError) -> [UInt64] {
        guard !records.isEmpty else { return [] }
        let place = "\(configuration.name(of: topic)) [\(partition)]"
        for record in records where record.size + Self.overhead > configuration.messageLimit {
            throw StoreError(
                .tooLarge,
                "a record of \(record.size) octets for \(place) exceeds the limit of \(configuration.messageLimit)")
        }
        let pending = PendingAppend(count: records.count)
        for (index, record) in records.enumerated() {
            guard !isClosed.load(ordering: .acquiring) else { throw Self.closed }
            let ticket = tickets.issue(pending, index)
            let message = Message(
                record: record, topic: topics[topic.rawValue], partition: Int32(partition), ticket: ticket)
            do throws(StoreError) {
                try await queue(message, place)
            } catch {
                tickets.withdraw(ticket)
                throw error
            }
        }
        return try await pending.offsets()
    }

    /// Queues the message; waits while the queue is full.
    private func queue(_ message: Message, _ place: String) async throws(StoreError) {
        let deadline = ContinuousClock.now + .milliseconds(configuration.messageTimeoutMs)
        while true {
            let generation = room.generation
            guard let fault = message.produce(handle) else { return }
            guard fault.code == RD_KAFKA_RESP_ERR__QUEUE_FULL, ContinuousClock.now < deadline else {
                throw fault.storeError("records cannot be appended to \(place)", handle.notices)
            }
            guard !isClosed.load(ordering: .acquiring) else { throw Self.closed }
            guard !Task.isCancelled else {
                throw StoreError(.unavailable, "an append to \(place) was given up while too much waited to be sent")
            }
            await room.wait(since: generation, until: deadline)
        }
    }

    /// Sends what waits for at most `grace`, fails the rest, and ends. Blocks.
    func close(grace: Duration) {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        room.ring()
        _ = rd_kafka_flush(handle.pointer, Int32(clamping: Int(grace / .milliseconds(1))))
        _ = rd_kafka_purge(handle.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        _ = rd_kafka_flush(handle.pointer, 1000)
        reports.stop()
        tickets.failAll(Self.closed)
    }

    static let closed = StoreError(.closed, "the log was closed: this process is shutting down, try again elsewhere")

    /// Octets that a record takes besides its key, value and headers, at most: librdkafka counts them too.
    private static let overhead = 1024
}

/// The thread that takes the delivery reports.
final class DeliveryReports: Sendable {
    private let handle: KafkaHandle
    private let isStopped = Atomic(false)

    init(_ handle: KafkaHandle, _ tickets: Tickets, _ room: Bell) {
        self.handle = handle
        let thread = Thread { [self] in run(tickets, room) }
        thread.name = "kafka-reports"
        thread.start()
    }

    /// Makes the thread end soon.
    func stop() {
        isStopped.store(true, ordering: .releasing)
    }

    private func run(_ tickets: Tickets, _ room: Bell) {
        guard let queue = rd_kafka_queue_get_main(handle.pointer) else { return }
        defer { rd_kafka_queue_destroy(queue) }
        while !isStopped.load(ordering: .acquiring) {
            guard let event = rd_kafka_queue_poll(queue, 100) else { continue }
            switch rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_DR:
                while let message = rd_kafka_event_message_next(event) { report(message.pointee, tickets) }
            case RD_KAFKA_EVENT_ERROR:
                let text = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
                handle.notices.take(KafkaNotice(level: 3, facility: "ERROR", text: text))
            case RD_KAFKA_EVENT_STATS:
                let text = rd_kafka_event_stats(event).map { String(cString: $0) } ?? ""
                if let statistics = KafkaStatistics(json: text) { handle.configuration.statistics?(statistics) }
            default: break
            }
            // Only now the messages leave librdkafka's queue.
            rd_kafka_event_destroy(event)
            room.ring()
        }
    }

    private func report(_ message: rd_kafka_message_t, _ tickets: Tickets) {
        let ticket = UInt(bitPattern: message._private)
        guard message.err != RD_KAFKA_RESP_ERR_NO_ERROR || message.offset < 0 else {
            return tickets.report(ticket, .success(UInt64(message.offset)))
        }
        let topic = message.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) } ?? "a topic"
        let what = "a record was not appended to \(topic) [\(message.partition)]"
        tickets.report(ticket, .failure(KafkaFault(message.err).storeError(what, handle.notices)))
    }
}
