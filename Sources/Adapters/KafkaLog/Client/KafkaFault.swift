import CRdKafka
import Mailbox

/// librdkafka's error codes in the words of the port.
struct KafkaFault {
    let code: rd_kafka_resp_err_t
    let text: String

    init(_ code: rd_kafka_resp_err_t, _ text: String? = nil) {
        self.code = code
        self.text = text ?? String(cString: rd_kafka_err2str(code))
    }

    /// Takes over what librdkafka returned, and destroys it; none where it was no error.
    init?(taking error: OpaquePointer?) {
        guard let error else { return nil }
        defer { rd_kafka_error_destroy(error) }
        self.init(rd_kafka_error_code(error), String(cString: rd_kafka_error_string(error)))
    }

    /// The fault of a call.
    /// - Parameters:
    ///   - what: what could not be done, as "records cannot be appended to poste.envelopes [3]".
    ///   - notices: what librdkafka said.
    func storeError(_ what: String, _ notices: Notices) -> StoreError {
        let (kind, advice) = meaning
        let refusal = kind == .unavailable ? notices.refusal : nil
        return StoreError(kind, "\(what): \(text)\(notices.because); \(refusal?.advice ?? advice)")
    }

    private var meaning: (StoreError.Kind, String) {
        switch code {
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
            (
                .unavailable,
                "fewer brokers than min.insync.replicas are in sync, or the partition's leader is away: start the brokers that "
                    + "are down; it is tried again"
            )
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
            (.unavailable, "fewer brokers than min.insync.replicas are in sync: start the brokers that are down")
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
            (.tooLarge, "raise max.message.bytes of the topic ('poste topics' checks it), or send less")
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            (.unavailable, "make the topics with 'poste topics --create'")
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
            (.misuse, "allow it to the user of this process with kafka-acls")
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
            (.misuse, "check the user and the password of the Kafka options")
        case RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE:
            (.misuse, "check the files and the settings of the Kafka options")
        case RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__BAD_COMPRESSION, RD_KAFKA_RESP_ERR_INVALID_RECORD:
            (.corrupt, "look at the brokers' logs")
        case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
            (.unavailable, "a broker cannot use its disk: make room there, and start it again")
        case RD_KAFKA_RESP_ERR__DESTROY, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
            (.closed, "this process is shutting down: try again elsewhere")
        default:
            (
                .unavailable,
                "check that the brokers run, can be reached from here, and listen there for what security.protocol of the Kafka "
                    + "options says; it is tried again"
            )
        }
    }
}
