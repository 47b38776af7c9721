import CRdKafka
import Dispatch
import Foundation
import Mailbox
import Synchronization

/// A member of the consumer group by which delivery workers share the partitions.
///
/// It subscribes to the envelopes topic alone: whoever owns partition n there owns it in all topics. What it is given it
/// does not fetch: the readers of the log do that, from the positions of the view, with the group or without it. What it
/// commits is for monitoring, and for an owner who finds no view and wants to know how far there was one.
final class GroupMember: Sendable {
    let changes = OwnershipChanges()
    /// The thread alone has the handle, so that it is gone when the thread has left the group.
    private let stop = StopFlag()

    /// - Parameters:
    ///   - positions: how far each partition was read, for commits.
    ///   - revoked: told of partitions once their owner has stopped.
    init(
        _ configuration: KafkaConfiguration, _ notices: Notices, _ lifetime: DispatchGroup,
        positions: @escaping @Sendable () -> [Int: LogPosition],
        revoked: @escaping @Sendable (Set<Int>) -> Void
    ) throws(StoreError) {
        let handle = try KafkaHandle(
            .consumer,
            [
                ("group.id", configuration.groupID), ("partition.assignment.strategy", "cooperative-sticky"),
                ("session.timeout.ms", String(configuration.sessionTimeoutMs)), ("heartbeat.interval.ms", "500"),
                ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
                ("auto.offset.reset", "latest"), ("coordinator.query.interval.ms", "1000"),
            ], events: RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR, configuration, notices, lifetime)
        try GroupLoop(handle, changes, stop, positions: positions, revoked: revoked).start()
    }

    deinit { stop.raise() }

    /// Leaves the group: what it has goes to the others at once.
    func leave() {
        stop.raise()
        changes.finish()
    }
}

/// Tells a thread to end.
private final class StopFlag: Sendable {
    private let value = Atomic(false)

    func raise() { value.store(true, ordering: .releasing) }
    var isRaised: Bool { value.load(ordering: .acquiring) }
}

/// The thread of a member.
private final class GroupLoop: Sendable {
    private let handle: KafkaHandle
    private let changes: OwnershipChanges
    private let positions: @Sendable () -> [Int: LogPosition]
    private let revoked: @Sendable (Set<Int>) -> Void
    private let stop: StopFlag
    private let holdings = Mutex(Holdings())

    private static let commitInterval = Duration.seconds(5)

    init(
        _ handle: KafkaHandle, _ changes: OwnershipChanges, _ stop: StopFlag,
        positions: @escaping @Sendable () -> [Int: LogPosition], revoked: @escaping @Sendable (Set<Int>) -> Void
    ) {
        self.handle = handle
        self.changes = changes
        self.stop = stop
        self.positions = positions
        self.revoked = revoked
    }

    private var topic: String { handle.configuration.name(of: .envelopes) }

    func start() throws(StoreError) {
        guard let topics = rd_kafka_topic_partition_list_new(1) else {
            throw StoreError(.unavailable, "no memory to join the group \(handle.configuration.groupID)")
        }
        defer { rd_kafka_topic_partition_list_destroy(topics) }
        _ = rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA)
        let code = rd_kafka_subscribe(handle.pointer, topics)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaFault(code).storeError(
                "the group \(handle.configuration.groupID) cannot be joined", handle.notices)
        }
        let thread = Thread { [self] in run() }
        thread.name = "kafka-group"
        thread.start()
    }

    private func run() {
        guard let queue = rd_kafka_queue_get_consumer(handle.pointer) else { return changes.finish() }
        var committed = ContinuousClock.now
        while !stop.isRaised {
            serve(queue)
            if ContinuousClock.now - committed > Self.commitInterval {
                committed = .now
                commit()
            }
        }
        commit()
        if let fault = KafkaFault(taking: rd_kafka_consumer_close_queue(handle.pointer, queue)) {
            handle.notices.take(KafkaNotice(level: 4, facility: "LEAVE", text: fault.text))
        } else {
            let deadline = ContinuousClock.now + .seconds(10)
            while rd_kafka_consumer_closed(handle.pointer) == 0, ContinuousClock.now < deadline { serve(queue) }
        }
        rd_kafka_queue_destroy(queue)
        changes.finish()
    }

    private func serve(_ queue: OpaquePointer) {
        guard let event = rd_kafka_queue_poll(queue, 50) else { return }
        defer { rd_kafka_event_destroy(event) }
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_REBALANCE:
            guard let list = rd_kafka_event_topic_partition_list(event) else { return }
            if rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
                assign(list)
            } else {
                revoke(list)
            }
        case RD_KAFKA_EVENT_ERROR:
            let text = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
            handle.notices.take(KafkaNotice(level: 3, facility: "ERROR", text: text))
        default: break
        }
    }

    private func partitions(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Set<Int> {
        var partitions: Set<Int> = []
        for index in 0..<Int(list.pointee.cnt) { partitions.insert(Int(list.pointee.elems[index].partition)) }
        return partitions
    }

    private func assign(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        // Nothing is fetched here: at the end, and paused.
        for index in 0..<Int(list.pointee.cnt) { list.pointee.elems[index].offset = Int64(RD_KAFKA_OFFSET_END) }
        note(rd_kafka_incremental_assign(handle.pointer, list))
        _ = rd_kafka_pause_partitions(handle.pointer, list)
        let given = partitions(list)
        for change in holdings.withLock({ $0.assigned(given) }) {
            changes.send(change)
            if case .revoked(let taken) = change { revoked(taken) }
        }
    }

    private func revoke(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        let taken = partitions(list)
        if rd_kafka_assignment_lost(handle.pointer) != 0, !stop.isRaised {
            holdings.withLock { $0.lost(taken) }
        } else if !taken.isEmpty {
            let handled = changes.send(.revoked(holdings.withLock { $0.revoked(taken) }))
            if !stop.isRaised { _ = handled.wait(timeout: .now() + .seconds(1)) }
            revoked(taken)
        }
        note(rd_kafka_incremental_unassign(handle.pointer, list))
    }

    private func note(_ error: OpaquePointer?) {
        guard let fault = KafkaFault(taking: error) else { return }
        handle.notices.take(KafkaNotice(level: 3, facility: "REBALANCE", text: fault.text))
    }

    private func commit() {
        let positions = positions()
        let owned = holdings.withLock { $0.owned.sorted() }
        guard let list = rd_kafka_topic_partition_list_new(Int32(clamping: owned.count * 2)) else { return }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let names = (topic, handle.configuration.name(of: .presence))
        for partition in owned {
            guard let position = positions[partition] else { continue }
            let envelopes = rd_kafka_topic_partition_list_add(list, names.0, Int32(partition))
            envelopes?.pointee.offset = Int64(clamping: position.envelopes)
            let presence = rd_kafka_topic_partition_list_add(list, names.1, Int32(partition))
            presence?.pointee.offset = Int64(clamping: position.presence)
        }
        guard list.pointee.cnt > 0 else { return }
        _ = rd_kafka_commit(handle.pointer, list, 1)
    }
}

extension KafkaHandle {
    /// How far the group has committed a partition; offsets of 0 where it has not, or cannot tell in two seconds. Blocks.
    func committed(_ partition: Int) -> LogPosition {
        guard let list = rd_kafka_topic_partition_list_new(2) else { return LogPosition() }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for topic in [LogTopic.envelopes, .presence] {
            _ = rd_kafka_topic_partition_list_add(list, configuration.name(of: topic), Int32(clamping: partition))
        }
        let code = rd_kafka_committed(pointer, list, 2000)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, list.pointee.cnt == 2 else { return LogPosition() }
        let offsets = (0..<2).map { UInt64(max(list.pointee.elems[$0].offset, 0)) }
        return LogPosition(envelopes: offsets[0], presence: offsets[1])
    }
}
