import CRdKafka
import Glibc
import Mailbox

/// Kafka's administrative requests. All block.
struct TopicAdmin {
    let handle: KafkaHandle

    /// Makes a topic.
    func create(_ name: String, _ plan: TopicPlan, _ settings: [TopicPlan.Setting]) throws(StoreError) {
        let what = "the topic \(name) cannot be made at \(handle.configuration.bootstrapServers)"
        var reason = [CChar](repeating: 0, count: 512)
        let made = rd_kafka_NewTopic_new(
            name, Int32(clamping: plan.partitions), Int32(clamping: plan.replicas), &reason, reason.count)
        guard let made else { throw StoreError(.misuse, "\(what): \(string(reason)); change the plan") }
        defer { rd_kafka_NewTopic_destroy(made) }
        for setting in settings { _ = rd_kafka_NewTopic_set_config(made, setting.name, setting.value) }
        try request(RD_KAFKA_ADMIN_OP_CREATETOPICS, what) { options, queue in
            var topics: [OpaquePointer?] = [made]
            rd_kafka_CreateTopics(handle.pointer, &topics, topics.count, options, queue)
        } result: { event throws(StoreError) in
            var count = 0
            guard let result = rd_kafka_event_CreateTopics_result(event),
                let topics = rd_kafka_CreateTopics_result_topics(result, &count)
            else { return }
            for index in 0..<count {
                let code = rd_kafka_topic_result_error(topics[index])
                // Another process may have made it.
                guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS else {
                    continue
                }
                let text = rd_kafka_topic_result_error_string(topics[index]).map { String(cString: $0) }
                let fault = KafkaFault(code, text)
                throw Self.isRefusal(code)
                    ? StoreError(.misuse, "\(what): \(fault.text); change the plan to what the cluster can do")
                    : fault.storeError(what, handle.notices)
            }
        }
    }

    private static func isRefusal(_ code: rd_kafka_resp_err_t) -> Bool {
        [
            RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, RD_KAFKA_RESP_ERR_INVALID_PARTITIONS,
            RD_KAFKA_RESP_ERR_INVALID_CONFIG, RD_KAFKA_RESP_ERR_POLICY_VIOLATION, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
        ].contains(code)
    }

    /// The settings that a topic has, by their names. The topic is there; a broker that has not heard of it yet is asked
    /// again.
    /// - Parameter broker: one that answers. Without it librdkafka asks for the controller, who may be dead: any broker knows.
    func settings(of name: String, at broker: Int32?) throws(StoreError) -> [String: String] {
        let deadline = ContinuousClock.now + .milliseconds(handle.configuration.requestTimeoutMs)
        while true {
            let isLastCall = ContinuousClock.now >= deadline
            if let settings = try knownSettings(of: name, at: broker, isLastCall: isLastCall) { return settings }
            usleep(100_000)
        }
    }

    private func knownSettings(
        of name: String, at broker: Int32?, isLastCall: Bool
    ) throws(StoreError) -> [String: String]? {
        let what = "the settings of the topic \(name) cannot be read at \(handle.configuration.bootstrapServers)"
        guard let resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name) else {
            throw StoreError(.unavailable, "\(what): no memory")
        }
        defer { rd_kafka_ConfigResource_destroy(resource) }
        var settings: [String: String]? = [:]
        try request(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, what, at: broker) { options, queue in
            var resources: [OpaquePointer?] = [resource]
            rd_kafka_DescribeConfigs(handle.pointer, &resources, resources.count, options, queue)
        } result: { event throws(StoreError) in
            var count = 0
            guard let result = rd_kafka_event_DescribeConfigs_result(event),
                let resources = rd_kafka_DescribeConfigs_result_resources(result, &count), count == 1
            else { return }
            let code = rd_kafka_ConfigResource_error(resources[0])
            if code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, !isLastCall {
                settings = nil
                return
            }
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaFault(code).storeError(what, handle.notices) }
            var entryCount = 0
            guard let entries = rd_kafka_ConfigResource_configs(resources[0], &entryCount) else { return }
            for index in 0..<entryCount {
                guard let name = rd_kafka_ConfigEntry_name(entries[index]),
                    let value = rd_kafka_ConfigEntry_value(entries[index])
                else { continue }
                settings?[String(cString: name)] = String(cString: value)
            }
        }
        return settings
    }

    private func request(
        _ operation: rd_kafka_admin_op_t, _ what: String, at broker: Int32? = nil,
        send: (OpaquePointer, OpaquePointer) -> Void, result: (OpaquePointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard let options = rd_kafka_AdminOptions_new(handle.pointer, operation),
            let queue = rd_kafka_queue_new(handle.pointer)
        else { throw StoreError(.unavailable, "\(what): no memory") }
        defer {
            rd_kafka_queue_destroy(queue)
            rd_kafka_AdminOptions_destroy(options)
        }
        let timeout = Int32(clamping: handle.configuration.requestTimeoutMs)
        _ = rd_kafka_AdminOptions_set_request_timeout(options, timeout, nil, 0)
        if let broker { _ = rd_kafka_AdminOptions_set_broker(options, broker, nil, 0) }
        send(options, queue)
        guard let event = rd_kafka_queue_poll(queue, timeout &+ 1000) else {
            throw KafkaFault(RD_KAFKA_RESP_ERR__TIMED_OUT).storeError(what, handle.notices)
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let text = rd_kafka_event_error_string(event).map { String(cString: $0) }
            throw KafkaFault(code, text).storeError(what, handle.notices)
        }
        try result(event)
    }
}
