import CRdKafka
import Foundation
import Mailbox

/// A topic as the brokers describe it.
struct TopicShape: Sendable, Hashable {
    var partitionCount = 0
    /// The fewest replicas of any partition.
    var replicas = Int.max
    /// The fewest replicas in sync of any partition.
    var inSync = Int.max
    /// Partitions without a leader, ascending.
    var leaderless: [Int] = []
    /// Who leads the others.
    var leaders: [Leader] = []
    /// The broker that said so, where it is known.
    var describedBy: Int32?

    /// A broker and the partitions that it leads, ascending.
    struct Leader: Sendable, Hashable {
        let broker: Int32
        let address: String
        var partitions: [Int]
    }
}

extension TopicShape {
    fileprivate mutating func add(_ partition: Int, leader: Int32, of metadata: rd_kafka_metadata) {
        guard leader >= 0 else {
            leaderless.append(partition)
            return leaderless.sort()
        }
        if let index = leaders.firstIndex(where: { $0.broker == leader }) {
            leaders[index].partitions.append(partition)
            return leaders[index].partitions.sort()
        }
        let address = metadata.brokersWithAddress.first { $0.id == leader }?.address ?? "an unknown address"
        leaders.append(Leader(broker: leader, address: address, partitions: [partition]))
        leaders.sort { $0.broker < $1.broker }
    }
}

extension rd_kafka_metadata {
    /// The brokers that it names, and where they are.
    fileprivate var brokersWithAddress: [(id: Int32, address: String)] {
        UnsafeBufferPointer(start: brokers, count: Int(broker_cnt)).map {
            ($0.id, "\(String(cString: $0.host)):\($0.port)")
        }
    }

    /// The broker that gave it. librdkafka tells no id where it asked an address of the configuration; the address may.
    fileprivate var origin: Int32? {
        guard orig_broker_id < 0 else { return orig_broker_id }
        guard let name = orig_broker_name.map({ String(cString: $0) }) else { return nil }
        return brokersWithAddress.first { name.hasPrefix($0.address + "/") }?.id
    }
}

extension KafkaHandle {
    /// Looks a topic up, again and again for a while where it is not there: brokers learn of a new topic one after another.
    /// Blocks.
    func awaitShape(of name: String, for time: Duration) throws(StoreError) -> TopicShape? {
        let deadline = ContinuousClock.now + time
        while true {
            if let shape = try shape(of: name), shape.leaderless.isEmpty || ContinuousClock.now >= deadline {
                return shape
            }
            guard ContinuousClock.now < deadline else { return nil }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// Looks a topic up; none where there is no such topic. Blocks.
    func shape(of name: String, within timeoutMs: Int? = nil) throws(StoreError) -> TopicShape? {
        let what = "the topic \(name) cannot be looked up at \(configuration.bootstrapServers)"
        guard let topic = rd_kafka_topic_new(pointer, name, nil) else {
            throw KafkaFault(rd_kafka_last_error()).storeError(what, notices)
        }
        defer { rd_kafka_topic_destroy(topic) }
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = askForMetadata(of: topic, within: timeoutMs ?? configuration.requestTimeoutMs, &metadata)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
            let fault = KafkaFault(code).storeError(what, notices)
            // When a log is opened, what the brokers refuse is not worth another try; later it may pass, as a change of passwords.
            throw notices.refusal == nil || timeoutMs != nil ? fault : StoreError(.misuse, fault.detail)
        }
        defer { rd_kafka_metadata_destroy(metadata) }
        guard metadata.pointee.topic_cnt == 1, let found = metadata.pointee.topics?.pointee else { return nil }
        switch found.err {
        case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE: break
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return nil
        default: throw KafkaFault(found.err).storeError(what, notices)
        }
        var shape = TopicShape(partitionCount: Int(found.partition_cnt), describedBy: metadata.pointee.origin)
        for index in 0..<shape.partitionCount {
            let partition = found.partitions[index]
            shape.replicas = min(shape.replicas, Int(partition.replica_cnt))
            shape.inSync = min(shape.inSync, Int(partition.isr_cnt))
            shape.add(Int(partition.id), leader: partition.leader, of: metadata.pointee)
        }
        return shape.partitionCount > 0 ? shape : nil
    }

    /// In slices that grow, so that a refusal, of which only the log tells, is noticed long before the time is over. Blocks.
    private func askForMetadata(
        of topic: OpaquePointer, within timeoutMs: Int, _ metadata: inout UnsafePointer<rd_kafka_metadata>?
    ) -> rd_kafka_resp_err_t {
        let begun = ContinuousClock.now
        let deadline = begun + .milliseconds(timeoutMs)
        var slice = 300
        while true {
            let left = max(1, Int((deadline - .now) / .milliseconds(1)))
            let code = rd_kafka_metadata(pointer, 0, topic, &metadata, Int32(clamping: min(slice, left)))
            guard code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT, left > slice else {
                return code
            }
            // One broker that refuses is not all: the others get a second to answer.
            if notices.refusal != nil, ContinuousClock.now - begun > .seconds(1) { return code }
            slice *= 2
        }
    }
}
