import AdminServer
import Foundation
import MeasuredStores
import Observability
import RPC

/// What a service shows its operators over HTTP: metrics, health, whether it serves.
struct Admin: Sendable {
    /// Where everything is counted.
    let metrics: MetricRegistry
    /// What the service lacks.
    let readiness: Readiness
    private let server: AdminServer?
    private let host: String

    /// Begins to show them, before anything else of the service is there.
    ///
    /// - Parameter parts: what must be ready before the service is.
    init(_ options: ServiceOptions, role: StaticString, waitingFor parts: [String]) throws {
        metrics = options.metrics
        readiness = Readiness(waitingFor: parts)
        let readiness = readiness
        metrics.addProcess(role: role, version: Poste.version)
        metrics.computed("poste_ready", "Whether the process serves, 1 or 0.") { readiness.isReady ? 1 : 0 }
        host = options.admin?.host ?? ""
        server = try options.admin.map {
            try AdminServer(
                host: $0.host, port: $0.port,
                pages: AdminServer.standardPages(metrics: options.metrics, readiness: readiness))
        }
    }

    /// Where it listens, for the announcement of the service.
    var address: [String: String] {
        server.map { ["admin": RPCAddress(host: host, port: $0.port).description] } ?? [:]
    }

    /// Runs beside the service; says that it stops as soon as it is told to.
    func untilStopped() async {
        while (try? await Task.sleep(for: .seconds(3600))) != nil {}
        readiness.lacking("process", "stopping")
    }

    /// Ends it, last of all.
    func stop() { server?.stop() }
}

extension Stores {
    /// The same stores, measured; the probe keeps what `admin` says of them.
    func measured(by admin: Admin, probesSessions: Bool) -> (Stores, StoreProbe) {
        let metrics = StoreMetrics(admin.metrics)
        let stores = Stores(
            mailLog: MeasuredMailLog(mailLog, metrics), view: MeasuredView(view, metrics),
            sessions: MeasuredSessions(sessions, metrics), close: close)
        let probe = StoreProbe(
            mailLog: stores.mailLog, view: stores.view, sessions: probesSessions ? stores.sessions : nil,
            readiness: admin.readiness, registry: admin.metrics)
        return (stores, probe)
    }
}

extension Option {
    static let admin = Option(
        "admin", .value("HOST:PORT"),
        "where /metrics, /healthz and /readyz are served over plain HTTP, to operators only; 'none' for nowhere",
        default: "127.0.0.1, any free port")
}

extension Arguments {
    /// `--admin`; none where nothing is to be served.
    func adminAddress() throws -> RPCAddress? {
        value("admin") == "none" ? nil : try address("admin", default: "127.0.0.1:0")
    }
}
