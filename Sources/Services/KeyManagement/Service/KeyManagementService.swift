import MailboxAPI
import Observability
import RPC
import WorkPool

/// The key management service: a gRPC server over a `KeyManagementState`, with health and reflection.
///
/// It serves from `init` until `shutdown` has returned.
public final class KeyManagementService: Sendable {
    private let server: RPCServer
    private let pool: WorkPool
    private let health: Health
    private let grace: Duration
    private let log: Log

    /// The port that it listens on.
    public var port: Int { server.port }

    /// Listens and serves. Throws `RPCServerError` where it cannot.
    public init(
        state: KeyManagementState, configuration: KeyManagementConfiguration, log: Log
    ) throws(RPCServerError) {
        let pool = WorkPool(
            name: "kms", threadCount: configuration.threadCount, queueLimit: configuration.queueLimit,
            metrics: configuration.metrics)
        let calls = KeyManagementCalls(
            state: state, pool: pool, clock: configuration.clock, metrics: KeyManagementMetrics(configuration.metrics),
            log: log)
        let service = RPCService.keyManagement(calls)
        let health = Health(services: [service.name])
        var server = RPCServerConfiguration(
            host: configuration.host, port: configuration.port,
            security: .tls(configuration.certificate, clients: .none))
        server.maxMessageOctets = Self.longestMessage
        server.metrics = configuration.metrics
        server.observe = { record in
            if let fault = record.fault {
                log.error("a call failed", ["path": .text(record.path), "reason": .text("\(fault)")])
            }
        }
        self.server = try RPCServer(
            server,
            services: [service, health.service] + Reflection.services(describing: [service.name, health.service.name]))
        self.pool = pool
        self.health = health
        grace = configuration.grace
        self.log = log
        log.info(
            "serving", ["name": .text(state.name.description), "port": LogValue(self.server.port)])
    }

    /// Serves until the task is cancelled, then lets calls under way finish.
    ///
    /// `ready` hears the port. Throws `RPCServerError`.
    public static func run(
        state: KeyManagementState, configuration: KeyManagementConfiguration, log: Log,
        ready: @Sendable (Int) -> Void = { _ in }
    ) async throws(RPCServerError) {
        let service = try KeyManagementService(state: state, configuration: configuration, log: log)
        ready(service.port)
        // Only cancellation ends a sleep early.
        while (try? await Task.sleep(for: .seconds(3600))) != nil {}
        await service.shutdown()
    }

    /// Says so to those who watch its health, takes no new calls, lets those under way finish, and ends.
    public func shutdown() async {
        health.setAll(.notServing)
        await server.shutdown(grace: grace)
        pool.stop()
        log.info("stopped")
    }

    /// A request for 64 keys of the longest names has 34 kB.
    private static let longestMessage = 256 << 10
}
