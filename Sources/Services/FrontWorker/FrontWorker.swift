import IBAKE
import KeyManagementClient
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC
import WorkPool

/// The stateless edge: answers for mailboxes, takes deposits, and holds recipients' streams. What it must remember is in the session store
/// and in the log, so that the next call may reach another front.
public final class FrontWorker: Sendable {
    /// Where senders and recipients reach it.
    public let port: Int
    /// Where delivery workers reach it.
    public let pushPort: Int

    private let server: RPCServer
    private let pushServer: RPCServer
    private let registry = StreamRegistry()
    private let leases: RouteLeases
    private let dialling: DialService
    private let streams: StreamService
    private let keys: MailboxKeys
    private let health: Health
    private let pool: WorkPool
    private let log: Log

    /// Listens. It answers UNAVAILABLE until `run` has its keys from the KMS.
    ///
    /// Throws `RPCServerError` where it cannot listen, `RPCCertificateError` for credentials of no use.
    public init(
        _ configuration: FrontConfiguration, mailLog: any MailLog, view: any MailboxView,
        sessions: any SessionStore, keys sessionKeys: any SessionKeys, accounts: [MailboxAccount], log: Log
    ) throws {
        self.log = log
        let limits = configuration.limits
        let metrics = FrontMetrics(configuration.metrics)
        pool = WorkPool(
            name: "front-crypto", threadCount: limits.cryptoThreads, queueLimit: limits.cryptoQueue,
            metrics: configuration.metrics)
        keys = MailboxKeys(accounts, now: configuration.now, fetched: metrics.keysFetched, log: log)
        let vault = SessionVault(store: sessions, keys: sessionKeys)
        let rates = RateAdmission(store: sessions, limits: limits)
        let exchange = ExchangeService(
            vault: vault, keys: keys, pool: pool, admission: rates,
            now: configuration.now, random: configuration.random, metrics: metrics, log: log)
        dialling = DialService(keys: keys, pool: pool, registry: registry, configuration: configuration, log: log)
        let push = PushService(
            registry: registry, dialling: dialling, metrics: metrics, tracer: configuration.tracer, log: log)
        var pushing = RPCServerConfiguration(
            host: configuration.host, port: configuration.pushPort,
            security: .tls(
                try RPCCertificate(configuration.credentials), clients: .required(rootsPEM: configuration.rootsPEM)))
        pushing.keepalive = .seconds(10)
        // A delivery worker has one connection, and on it a push for each of its recipients who are online here.
        pushing.maxCallsPerConnection = pushing.maxStreams
        pushing.metrics = configuration.metrics
        pushServer = try RPCServer(pushing, services: [.push(push)])
        pushPort = pushServer.port
        leases = RouteLeases(
            registry: registry, mailLog: mailLog,
            front: RPCAddress(host: configuration.advertisedHost, port: pushPort).description,
            lease: limits.lease, log: log, services: accounts.map(\.mailbox),
            own: try StreamID(octets: configuration.random.octets(16)), startedAt: configuration.now())
        streams = StreamService(
            registry: registry, leases: leases, mailLog: mailLog, configuration: configuration, metrics: metrics,
            log: log)
        let deposits = DepositService(
            vault: vault, rates: rates, mailLog: mailLog, view: view, configuration: configuration,
            domains: Set(accounts.map(\.domain)), metrics: metrics, log: log)
        let receive = ReceiveService(exchange: exchange, streams: streams, configuration: configuration, log: log)
        let presence = PresenceService(
            mailLog: mailLog, vault: vault, mailboxes: Set(accounts.map(\.mailbox)), metrics: metrics, log: log)
        let mailbox = RPCService.mailbox(
            MailboxCalls(
                exchange: exchange, deposits: deposits, receive: receive, presence: presence,
                trustsForwardedFor: limits.trustsForwardedFor, tracer: configuration.tracer))
        health = Health(services: [mailbox.name], status: .notServing)
        var serving = RPCServerConfiguration(
            host: configuration.host, port: configuration.port,
            security: .tls(try RPCCertificate(configuration.credentials), clients: .none))
        serving.metrics = configuration.metrics
        server = try RPCServer(
            serving,
            services: [mailbox, health.service] + Reflection.services(describing: [mailbox.name, health.service.name]))
        port = server.port
    }

    /// Waits until the front has its keys from the KMS. Throws `CancellationError` where the task is cancelled.
    public func waitUntilReady() async throws {
        while await !keys.isReady { try await Task.sleep(for: .milliseconds(20)) }
        health.setAll(.serving)
    }

    /// Serves until the task is cancelled; then ends recipients' streams, which would never end by themselves, and lets other calls
    /// finish, for at most five seconds.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keys.run() }
            group.addTask { await self.leases.run(whenReady: self.keys) }
            group.addTask { await self.dialling.run(self.streams) }
            group.addTask {
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
            }
            await group.waitForAll()
        }
        log.info("stopping")
        health.setAll(.notServing)
        await Task { await leases.leave() }.value
        async let callers: Void = server.shutdown(grace: .seconds(5))
        async let pushers: Void = pushServer.shutdown(grace: .seconds(5))
        registry.end(RPCStatus(.unavailable, "the front is stopping: open another stream"))
        _ = await (callers, pushers)
        pool.stop()
    }
}

/// The calls of `posterestante.v1.Mailbox`, each to the part that answers it.
private struct MailboxCalls: MailboxHandlers {
    let exchange: ExchangeService
    let deposits: DepositService
    let receive: ReceiveService
    let presence: PresenceService
    let trustsForwardedFor: Bool
    let tracer: Tracer

    func exchange(
        _ request: MailboxAPI.MIKEYMessage, _ context: RPCContext
    ) async throws -> MailboxAPI.MIKEYMessage {
        let span = tracer.begin(
            "Mailbox/Exchange", .server, within: context.metadata[TraceContext.header].flatMap(TraceContext.init(traceparent:)))
        do {
            let answer = try await exchange.exchange(request.octets, source: context.source(trustsForwardedFor: trustsForwardedFor))
            tracer.end(span)
            return MailboxAPI.MIKEYMessage(octets: answer)
        } catch {
            tracer.end(span, failure: (error as? RPCStatus)?.code.description ?? "failed")
            throw error
        }
    }

    func deposit(_ requests: Requests<DepositRequest>, _ context: RPCContext) async throws -> DepositReceipt {
        try await deposits.deposit(
            requests, caller: context.metadata[TraceContext.header].flatMap(TraceContext.init(traceparent:)))
    }

    func receive(
        _ requests: Requests<ReceiveRequest>, _ responses: Responses<ReceiveResponse>, _ context: RPCContext
    ) async throws {
        try await receive.receive(requests, responses, context)
    }

    func publishPresence(
        _ request: PublishPresenceRequest, _ context: RPCContext
    ) async throws -> PublishPresenceResponse {
        try await presence.publish(request)
    }
}
