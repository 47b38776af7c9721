import Mailbox
import RPC
import Synchronization

/// One connection to each front that holds streams, over mutual TLS.
final class FrontChannels: Sendable {
    private let configuration: DeliveryConfiguration
    private let channels = Mutex<[String: RPCChannel]>([:])

    init(_ configuration: DeliveryConfiguration) { self.configuration = configuration }

    /// The connection to a front's `host:port`.
    ///
    /// Throws `RPCStatus` for an address that is none, `RPCCertificateError` for credentials of no use.
    func channel(to front: String) throws -> RPCChannel {
        try channels.withLock { channels in
            if let channel = channels[front] { return channel }
            guard let address = RPCAddress(front) else {
                throw RPCStatus(.invalidArgument, "a route names the front \(front), which is no host:port")
            }
            var reaching = RPCChannelConfiguration(
                host: address.host, port: address.port,
                security: .tls(rootsPEM: configuration.rootsPEM, credentials: configuration.credentials))
            reaching.serverName = configuration.frontName
            // A front that is frozen is noticed before its recipients lose patience.
            reaching.keepalive = .seconds(6)
            reaching.keepaliveTimeout = .seconds(3)
            reaching.longestBackoff = .seconds(1)
            let channel = try RPCChannel(reaching)
            channels[front] = channel
            return channel
        }
    }

    /// Forgets a front that does not answer, so that addresses of the past do not pile up.
    func forget(_ front: String) { _ = channels.withLock { $0.removeValue(forKey: front) } }
}
