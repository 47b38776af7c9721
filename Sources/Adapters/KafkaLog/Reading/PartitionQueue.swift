import CRdKafka
import Mailbox
import Primitives

/// What comes out of a partition.
enum Taken {
    case record(StoredRecord)
    /// There is nothing from this offset on, for now.
    case end(UInt64)
    /// The offset asked for is not there: forgotten, or not yet given.
    case outOfRange
    /// The partition cannot be read just now.
    case fault(KafkaFault)
}

/// One partition of one topic on a consumer handle, with a queue of its own, so that no partition waits for another to be
/// read. Its owner sees to it that one task at a time uses it.
///
/// `@unchecked Sendable`: a queue's pointer is not Sendable by itself; librdkafka lets any thread use it.
final class PartitionQueue: @unchecked Sendable {
    let handle: KafkaHandle
    let topic: LogTopic
    let name: String
    let partition: Int32
    private let bell: Bell
    private let queue: OpaquePointer

    /// - Parameter bell: rung when something arrives.
    init(_ handle: KafkaHandle, _ topic: LogTopic, _ partition: Int, _ bell: Bell) throws(StoreError) {
        let name = handle.configuration.name(of: topic)
        guard let queue = rd_kafka_queue_get_partition(handle.pointer, name, Int32(partition)) else {
            throw KafkaFault(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION).storeError(
                "\(name) [\(partition)] cannot be read", handle.notices)
        }
        self.handle = handle
        self.topic = topic
        self.name = name
        self.partition = Int32(partition)
        self.bell = bell
        self.queue = queue
        rd_kafka_queue_forward(queue, nil)
        // `bell` outlives the callback: `deinit` takes it away first, under the lock that it is called under.
        rd_kafka_queue_cb_event_enable(
            queue,
            { _, opaque in
                guard let opaque else { return }
                Unmanaged<Bell>.fromOpaque(opaque).takeUnretainedValue().ring()
            }, Unmanaged.passUnretained(bell).toOpaque())
    }

    deinit {
        rd_kafka_queue_cb_event_enable(queue, nil, nil)
        rd_kafka_queue_destroy(queue)
    }

    /// Begins to fetch from an offset. Blocks for less than a millisecond.
    func assign(at offset: UInt64) throws(StoreError) {
        try change("is not read", offset) { rd_kafka_incremental_assign($0, $1) }
    }

    /// Fetches no more, and drops what has come. Blocks for less than a millisecond.
    func unassign() throws(StoreError) {
        try change("is still read", nil) { rd_kafka_incremental_unassign($0, $1) }
    }

    private func change(
        _ what: String, _ offset: UInt64?,
        _ call: (OpaquePointer, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> OpaquePointer?
    ) throws(StoreError) {
        guard let list = rd_kafka_topic_partition_list_new(1) else {
            throw StoreError(.unavailable, "no memory to read \(name)")
        }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let entry = rd_kafka_topic_partition_list_add(list, name, partition)
        if let offset { entry?.pointee.offset = Int64(clamping: offset) }
        if let fault = KafkaFault(taking: call(handle.pointer, list)) {
            throw fault.storeError("\(name) [\(partition)] \(what)", handle.notices)
        }
    }

    /// The end of the partition as the last fetch told it.
    var fetchedEnd: UInt64? {
        var (low, high): (Int64, Int64) = (0, 0)
        let code = rd_kafka_get_watermark_offsets(handle.pointer, name, partition, &low, &high)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? UInt64(high) : nil
    }

    /// The offsets that are kept: the brokers are asked, through a handle whose fetches do not hold the answer back.
    func watermarks(asking other: KafkaHandle? = nil) async throws(StoreError) -> Range<UInt64> {
        let handle = other ?? handle
        return try await Blocking.run { [name, partition] () throws(StoreError) in
            try handle.watermarks(name, partition)
        }
    }

    /// The next of what has arrived, if anything has; never waits.
    func take() -> Taken? {
        while let message = rd_kafka_consume_queue(queue, 0) {
            defer { rd_kafka_message_destroy(message) }
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR: return .record(stored(message))
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: return .end(UInt64(clamping: message.pointee.offset))
            case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return .outOfRange
            default:
                let text = message.pointee.payload.map { payload in
                    String(
                        decoding: UnsafeRawBufferPointer(start: payload, count: message.pointee.len), as: UTF8.self)
                }
                return .fault(KafkaFault(message.pointee.err, text))
            }
        }
        return nil
    }

    private func stored(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> StoredRecord {
        let parts = message.pointee
        return StoredRecord(
            topic: topic, offset: UInt64(clamping: parts.offset),
            time: UTCTime(milliseconds: max(0, rd_kafka_message_timestamp(message, nil))),
            record: LogRecord(
                key: octets(parts.key, parts.key_len), value: octets(parts.payload, parts.len),
                headers: headers(message)))
    }

    private func octets(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
        start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
    }

    private func headers(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> [LogRecord.Header] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
        var headers: [LogRecord.Header] = []
        var (name, value, size): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
        while rd_kafka_header_get_all(list, headers.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            guard let name else { break }
            headers.append(LogRecord.Header(name: String(cString: name), value: octets(value, size) ?? []))
        }
        return headers
    }
}
