import CRdKafka
import Dispatch
import Foundation
import Mailbox

/// One handle of librdkafka: its threads, its connections to the brokers.
///
/// `@unchecked Sendable`: an opaque pointer is not Sendable by itself; librdkafka's handles may be used from any thread.
/// Whoever uses the pointer keeps this object; the last one gone destroys the handle.
final class KafkaHandle: @unchecked Sendable {
    enum Role { case producer, consumer }

    let pointer: OpaquePointer
    let notices: Notices
    let configuration: KafkaConfiguration
    private let lifetime: DispatchGroup

    /// - Parameters:
    ///   - settings: this handle's own; they win over the options of the configuration.
    ///   - events: of `RD_KAFKA_EVENT_…`, those that come as events.
    ///   - lifetime: left when the handle is gone.
    init(
        _ role: Role, _ settings: [(String, String)], events: Int32 = 0, _ configuration: KafkaConfiguration,
        _ notices: Notices, _ lifetime: DispatchGroup
    ) throws(StoreError) {
        guard let conf = rd_kafka_conf_new() else { throw StoreError(.unavailable, "no memory for a Kafka client") }
        let general = [
            ("bootstrap.servers", configuration.bootstrapServers), ("client.id", configuration.clientID),
            ("allow.auto.create.topics", "false"), ("reconnect.backoff.ms", "50"),
            ("reconnect.backoff.max.ms", "1000"), ("topic.metadata.refresh.fast.interval.ms", "100"),
            // Who waits for a frozen broker does not ask by himself who leads now.
            ("topic.metadata.refresh.interval.ms", "2000"),
            ("socket.connection.setup.timeout.ms", "3000"), ("socket.keepalive.enable", "true"),
            // What lies at a frozen broker is sent to the next leader after so long; by default after a minute.
            ("socket.timeout.ms", "5000"),
            ("log.connection.close", "false"), ("message.max.bytes", String(configuration.messageLimit)),
        ]
        do throws(StoreError) {
            for (name, value) in general { try Self.set(conf, name, value) }
            for option in configuration.options { try Self.set(conf, option.name, option.value) }
            for (name, value) in settings { try Self.set(conf, name, value) }
        } catch {
            rd_kafka_conf_destroy(conf)
            throw error
        }
        if events != 0 { rd_kafka_conf_set_events(conf, events) }
        // The handle's threads use it until the handle is destroyed: `deinit` gives the count back after that.
        let opaque = Unmanaged.passRetained(notices)
        rd_kafka_conf_set_opaque(conf, opaque.toOpaque())
        rd_kafka_conf_set_log_cb(conf) { handle, level, facility, text in
            guard let handle, let text, let opaque = rd_kafka_opaque(handle) else { return }
            Unmanaged<Notices>.fromOpaque(opaque).takeUnretainedValue().take(
                KafkaNotice(
                    level: Int(level), facility: facility.map { String(cString: $0) } ?? "",
                    text: String(cString: text)))
        }
        var text = [CChar](repeating: 0, count: 512)
        let type = role == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER
        guard let pointer = rd_kafka_new(type, conf, &text, text.count) else {
            rd_kafka_conf_destroy(conf)
            opaque.release()
            throw StoreError(
                .misuse, "the Kafka client cannot be made: \(string(text)); check the Kafka options and their files")
        }
        self.pointer = pointer
        self.notices = notices
        self.configuration = configuration
        self.lifetime = lifetime
        lifetime.enter()
    }

    private static func set(_ conf: OpaquePointer, _ name: String, _ value: String) throws(StoreError) {
        // librdkafka's own words repeat the value, which may be a password.
        switch rd_kafka_conf_set(conf, name, value, nil, 0) {
        case RD_KAFKA_CONF_OK: return
        case RD_KAFKA_CONF_UNKNOWN:
            throw StoreError(
                .misuse, "librdkafka has no option \(name); its CONFIGURATION.md lists those that it has")
        default:
            throw StoreError(
                .misuse,
                "the value of the Kafka option \(name) is not one that librdkafka takes; see its CONFIGURATION.md")
        }
    }

    private struct Remains: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    deinit {
        let remains = Remains(pointer: pointer)
        let (notices, lifetime) = (notices, lifetime)
        // It waits for the handle's threads to end: not here, where a cooperative thread may be the last user. A group
        // member has left its group before; nothing else needs a goodbye.
        Blocking.later {
            rd_kafka_destroy_flags(remains.pointer, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
            Unmanaged.passUnretained(notices).release()
            lifetime.leave()
        }
    }
}

/// A text that C wrote into a buffer.
func string(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
