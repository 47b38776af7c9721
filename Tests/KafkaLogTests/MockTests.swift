import CRdKafka
import KafkaLog
import Mailbox
import Testing

/// Faults that real brokers do not make on demand, from librdkafka's mock cluster.
@Suite(.serialized) struct MockTests {
    /// A mock cluster of one broker with the topics of a log.
    private final class Mock {
        private let handle: OpaquePointer
        let cluster: OpaquePointer

        init() throws {
            struct NoMock: Error {}
            guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, nil, nil, 0) else { throw NoMock() }
            guard let cluster = rd_kafka_mock_cluster_new(handle, 1) else {
                rd_kafka_destroy(handle)
                throw NoMock()
            }
            (self.handle, self.cluster) = (handle, cluster)
            for topic in LogTopic.allCases { rd_kafka_mock_topic_create(cluster, topic.name, 1, 1) }
        }

        deinit {
            rd_kafka_mock_cluster_destroy(cluster)
            rd_kafka_destroy(handle)
        }

        var bootstrapServers: String { String(cString: rd_kafka_mock_cluster_bootstraps(cluster)) }

        /// What the broker answers to the next requests of a kind, by Kafka's number of it.
        func answer(_ request: Int16, _ codes: [rd_kafka_resp_err_t]) {
            var codes = codes
            rd_kafka_mock_push_request_errors_array(cluster, request, codes.count, &codes)
        }
    }

    private static let produce: Int16 = 0

    @Test(.timeLimit(.minutes(1))) func aProducerThatWasGivenUpIsReplaced() async throws {
        let mock = try Mock()
        let log = try await KafkaLog.open(
            KafkaConfiguration(bootstrapServers: mock.bootstrapServers, messageTimeoutMs: 5000))
        func append(_ number: UInt8) async throws -> UInt64? {
            try await log.append([LogRecord(key: [number], value: [number])], to: .presence, partition: 0).first
        }
        #expect(try await append(0) == 0)
        for round in UInt8(1)...3 {
            // After such an answer librdkafka cannot tell what the broker has, and gives the producer up for good.
            mock.answer(Self.produce, [RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER])
            let fault = await fault { _ = try await append(100 + round) }
            #expect(fault != nil, "what a dead producer had is told to have failed")
            let begun = ContinuousClock.now
            #expect(try await append(round) == UInt64(round), "the next append goes through another producer")
            #expect(ContinuousClock.now - begun < .seconds(5))
        }
        await log.close()
    }
}
