import KafkaLog
import Mailbox
import Observability
import RedisStore

/// Where a cluster keeps its state.
enum StoreLocation: Sendable {
    /// All of it in one SQLite file of the cluster's folder: one machine, no servers.
    case folder
    /// The log in Kafka, view and sessions in Redis.
    case servers(KafkaConfiguration, RedisStore.Configuration)
}

extension Option {
    static let kafka = Option("kafka", .value("HOST:PORT,…"), "brokers of the Kafka cluster to begin with")
    static let kafkaOption = Option(
        "kafka-option", .values("NAME=VALUE"),
        "a setting of librdkafka, as TLS and SASL need them (security.protocol, ssl.ca.location, sasl.mechanisms …); may be "
            + "repeated")
    static let redis = Option(
        "redis", .value("URL"),
        "redis://[[user]:password@]host[:port][,host…][/db], or redis+sentinel://host,host/name; goes with --kafka")

    /// Where the state lies, for roles that may share it with other machines.
    static let stores: [Option] = [.kafka, .kafkaOption, .redis]
}

extension Arguments {
    /// Where the state lies, from `--kafka` and `--redis`: both, or neither.
    func storeLocation(component: String, log: Log, metrics: MetricRegistry = MetricRegistry()) throws -> StoreLocation {
        guard let url = value("redis"), !url.isEmpty else {
            guard value("kafka") == nil else {
                throw usage("--kafka wants --redis too: a log in Kafka has its view and its sessions in Redis")
            }
            return .folder
        }
        guard value("kafka") != nil else {
            throw usage("--redis wants --kafka too: what is in Redis is made from the log in Kafka")
        }
        var kafka = try kafkaConfiguration(clientID: "poste-\(component)")
        kafka.notice = { notice in
            let fields: KeyValuePairs<String, LogValue> = [
                "facility": .text(notice.facility), "detail": .text(notice.text),
            ]
            notice.level <= 4 ? log.warning("kafka client", fields) : log.debug("kafka client", fields)
        }
        let clients = ClientMetrics(metrics)
        kafka.statistics = clients.kafka
        do throws(StoreError) {
            var redis = try RedisStore.Configuration(url: url)
            redis.observe = clients.redis
            return .servers(kafka, redis)
        } catch {
            throw usage("--redis: \(error.detail)")
        }
    }

    /// How to reach Kafka, from `--kafka` and `--kafka-option`.
    func kafkaConfiguration(clientID: String) throws -> KafkaConfiguration {
        guard let servers = value("kafka"), !servers.isEmpty else {
            throw usage("say where Kafka is with --kafka HOST:PORT")
        }
        let options = try values("kafka-option").map { text in
            do throws(StoreError) {
                return try KafkaOption(text)
            } catch {
                throw usage("--kafka-option: \(error.detail)")
            }
        }
        return KafkaConfiguration(bootstrapServers: servers, options: options, clientID: clientID)
    }
}
