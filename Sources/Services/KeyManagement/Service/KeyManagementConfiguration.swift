import Foundation
import Observability
import Primitives
import RPC

/// Where and how a KMS serves.
public struct KeyManagementConfiguration: Sendable {
    /// An IP address or a host name; `0.0.0.0` and `::` listen everywhere.
    public var host: String
    /// 0 takes any free port.
    public var port: Int
    /// Certificate and key. The KMS serves over TLS 1.3 only: an enrolment's PSK goes over the wire.
    public var certificate: RPCCertificate
    /// How many threads extract keys; the number of cores by default.
    public var threadCount = ProcessInfo.processInfo.activeProcessorCount
    /// How many requests may wait for a thread; further ones get RESOURCE_EXHAUSTED.
    public var queueLimit = 256
    /// How long calls under way may take when the KMS is told to stop.
    public var grace = Duration.seconds(10)
    /// Where the service counts what it does.
    public var metrics = MetricRegistry()
    /// The time, for tests.
    public var clock: @Sendable () -> UTCTime = {
        UTCTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000))
    }

    /// Everything else has a default.
    public init(host: String, port: Int, certificate: RPCCertificate) {
        self.host = host
        self.port = port
        self.certificate = certificate
    }
}
