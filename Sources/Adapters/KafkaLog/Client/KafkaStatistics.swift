import Foundation

/// What librdkafka says of the state of the client that sends, every few seconds.
public struct KafkaStatistics: Sendable, Hashable {
    /// Brokers that the client knows.
    public let brokersKnown: Int
    /// Those of them that it is connected to.
    public let brokersUp: Int
    /// Records that no broker has confirmed yet.
    public let waiting: Int
    /// Their octets.
    public let waitingOctets: Int
    /// Requests that failed or got no answer, since the client began.
    public let requestFaults: Int
    /// 99 % of the answers of the slowest broker came within so long, lately; in seconds.
    public let roundTrip: Double

    /// How often they come, in ms.
    static let intervalMs = 5000

    /// Reads librdkafka's JSON (its STATISTICS.md); none where it is another.
    init?(json: String) {
        guard let read = try? JSONDecoder().decode(Document.self, from: Data(json.utf8)) else { return nil }
        // Without a number: an address to begin with, or a role that one of the brokers has.
        let brokers = read.brokers.values.filter { $0.nodeid >= 0 }
        brokersKnown = brokers.count
        brokersUp = brokers.count { $0.state == "UP" }
        waiting = read.msg_cnt
        waitingOctets = read.msg_size
        requestFaults = brokers.reduce(0) { $0 + $1.txerrs + $1.rxerrs + $1.req_timeouts }
        roundTrip = Double(brokers.map(\.rtt.p99).max() ?? 0) / 1e6
    }

    private struct Document: Decodable {
        struct Broker: Decodable {
            struct Window: Decodable { var p99: Int }
            var nodeid: Int
            var state: String
            var txerrs, rxerrs, req_timeouts: Int
            /// In microseconds.
            var rtt: Window
        }
        var msg_cnt, msg_size: Int
        var brokers: [String: Broker]
    }
}
