import KafkaLog
import Observability
import RedisStore
import Synchronization

/// What the clients of Kafka and Redis say of themselves, as metrics.
struct ClientMetrics: Sendable {
    /// Takes what librdkafka says.
    let kafka: @Sendable (KafkaStatistics) -> Void
    /// Takes what becomes of connections to Redis.
    let redis: @Sendable (RedisConnectionEvent) -> Void

    init(_ registry: MetricRegistry) {
        let latest = Latest()
        kafka = { statistics in latest.value.withLock { $0 = statistics } }
        func figure(
            _ name: String, _ help: String, type: String = Gauge.type,
            _ read: @escaping @Sendable (KafkaStatistics) -> Double
        ) {
            registry.computed(name, help, type: type) { latest.value.withLock { $0 }.map(read) }
        }
        figure("poste_kafka_brokers_known", "Brokers that the sending client knows.") { Double($0.brokersKnown) }
        figure("poste_kafka_brokers_up", "Brokers that the sending client is connected to.") { Double($0.brokersUp) }
        figure("poste_kafka_send_waiting_records", "Records that no broker has confirmed yet.") { Double($0.waiting) }
        figure("poste_kafka_send_waiting_octets", "Octets of those records.") { Double($0.waitingOctets) }
        figure(
            "poste_kafka_request_faults_total", "Requests to brokers that failed or got no answer.", type: Counter.type
        ) { Double($0.requestFaults) }
        figure("poste_kafka_round_trip_seconds", "99 % of the slowest broker's answers came within so long, lately.") {
            $0.roundTrip
        }
        let connections = registry.gauge("poste_redis_connections", "Connections to Redis that are ready.")
        let events = registry.counters(
            "poste_redis_connection_events_total", "What became of connections to Redis.", labels: "event")
        for event: LabelValue in ["opened", "closed", "failed"] { _ = events[event] }
        redis = { event in
            switch event {
            case .opened:
                connections.add(1)
                events["opened"].add()
            case .closed:
                connections.add(-1)
                events["closed"].add()
            case .failed: events["failed"].add()
            }
        }
    }

    private final class Latest: Sendable {
        let value = Mutex<KafkaStatistics?>(nil)
    }
}
