import CRdKafka
import Foundation
import Mailbox

extension KafkaHandle {
    /// How long one question to a partition's leader may take, in ms. A leader that died is asked no longer.
    private static let questionTimeoutMs = 1500

    /// The first offset kept and the one that the next record gets. Blocks, for at most the request time-out.
    ///
    /// Not by `rd_kafka_query_watermark_offsets`: librdkafka 2.0 asks the leader that it knew last, and waits without end
    /// while that broker is down, or back and no leader any more.
    func watermarks(_ topic: String, _ partition: Int32) throws(StoreError) -> Range<UInt64> {
        let deadline = ContinuousClock.now + .milliseconds(configuration.requestTimeoutMs)
        while true {
            let left = max(1, Int((deadline - .now) / .milliseconds(1)))
            let patience = min(left, Self.questionTimeoutMs)
            let fault: rd_kafka_resp_err_t
            do throws(OffsetFault) {
                let low = try offset(RD_KAFKA_OFFSET_BEGINNING, topic, partition, patience)
                let high = try offset(RD_KAFKA_OFFSET_END, topic, partition, patience)
                // What retention removes between the two questions must not leave the end before the start.
                return low..<max(low, high)
            } catch {
                fault = error.code
            }
            guard Self.passes(fault), left > 200 else {
                throw KafkaFault(fault).storeError(
                    "the brokers \(configuration.bootstrapServers) do not say what \(topic) [\(partition)] holds",
                    notices)
            }
            // While a partition gets another leader. Who it is, is asked of all brokers: else the old one is asked again.
            Thread.sleep(forTimeInterval: 0.1)
            _ = try? shape(of: topic, within: Self.questionTimeoutMs)
        }
    }

    /// Whether the leader of a partition answers. Blocks, for at most so long.
    func leaderAnswers(_ topic: String, _ partition: Int, within timeoutMs: Int) -> Bool {
        (try? offset(RD_KAFKA_OFFSET_END, topic, Int32(clamping: partition), timeoutMs)) != nil
    }

    private struct OffsetFault: Error { let code: rd_kafka_resp_err_t }

    /// The offset at a time: one of the two that stand for the start and the end.
    private func offset(
        _ time: Int32, _ topic: String, _ partition: Int32, _ timeoutMs: Int
    ) throws(OffsetFault) -> UInt64 {
        guard let list = rd_kafka_topic_partition_list_new(1),
            let entry = rd_kafka_topic_partition_list_add(list, topic, partition)
        else { throw OffsetFault(code: RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE) }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        entry.pointee.offset = Int64(time)
        let code = rd_kafka_offsets_for_times(pointer, list, Int32(clamping: timeoutMs))
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw OffsetFault(code: code) }
        let answer = list.pointee.elems[0]
        guard answer.err == RD_KAFKA_RESP_ERR_NO_ERROR else { throw OffsetFault(code: answer.err) }
        guard answer.offset >= 0 else { throw OffsetFault(code: RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE) }
        return UInt64(answer.offset)
    }

    private static func passes(_ code: rd_kafka_resp_err_t) -> Bool {
        [
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TIMED_OUT,
        ].contains(code)
    }
}
