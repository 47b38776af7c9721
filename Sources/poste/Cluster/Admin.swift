import AdminServer
import ClusterStatus
import Foundation
import MeasuredStores
import Observability
import RPC
import Synchronization

/// What a service shows its operators over HTTP: metrics, health, whether it serves, and the page of the cluster.
final class Admin: Sendable {
    /// Where everything is counted.
    let metrics: MetricRegistry
    /// What the service lacks.
    let readiness: Readiness
    private let role: String
    private let host: String
    private let id = UUID().uuidString
    private let started = wallClock().milliseconds
    private let sampler: Sampler
    private let server = Mutex<AdminServer?>(nil)
    private let name: Mutex<String>
    private let observer = Mutex<Observer?>(nil)
    private let roster = Mutex<Roster?>(nil)

    /// Begins to show them, before anything else of the service is there.
    ///
    /// - Parameter parts: what must be ready before the service is.
    init(_ options: ServiceOptions, role: StaticString, waitingFor parts: [String]) throws {
        metrics = options.metrics
        readiness = Readiness(waitingFor: parts)
        self.role = role.description
        sampler = Sampler(metrics, Figure.cluster)
        name = Mutex("\(ProcessInfo.processInfo.hostName)/\(getpid())")
        host = options.admin?.reachableHost ?? ""
        metrics.addProcess(role: role, version: Poste.version)
        let readiness = readiness
        metrics.computed("poste_ready", "Whether the process serves, 1 or 0.") { readiness.isReady ? 1 : 0 }
        observer.withLock { $0 = Observer(status: { [weak self] in self?.status ?? .gone }) }
        guard let admin = options.admin else { return }
        let pages = AdminServer.standardPages(metrics: metrics, readiness: readiness)
            .merging(
                AdminServer.counted(in: metrics, ["/": page("/"), "/status.json": page("/status.json")])
            ) { first, _ in first }
        let server = try AdminServer(host: admin.host, port: admin.port, pages: pages)
        self.server.withLock { $0 = server }
    }

    /// A page of whoever observes the cluster now.
    private func page(_ path: String) -> AdminServer.Page {
        { [weak self] in self?.observer.withLock { $0 }?.pages[path]?() ?? .text("the service has ended\n", status: 503)
        }
    }

    /// Where it listens, for the announcement of the service.
    var address: [String: String] {
        server.withLock { $0 }.map { ["admin": RPCAddress(host: host, port: $0.port).description] } ?? [:]
    }

    /// Says under which name the service is known, as the address that it serves at.
    func setName(_ text: String) { name.withLock { $0 = text } }

    /// Measures the stores; a probe keeps what is said of them, and the others of the cluster are known from now on.
    func measured(_ stores: Stores, probesSessions: Bool) -> (Stores, StoreProbe) {
        let storeMetrics = StoreMetrics(metrics)
        let measured = Stores(
            mailLog: MeasuredMailLog(stores.mailLog, storeMetrics), view: MeasuredView(stores.view, storeMetrics),
            sessions: MeasuredSessions(stores.sessions, storeMetrics), close: stores.close)
        let probe = StoreProbe(
            mailLog: measured.mailLog, view: measured.view, sessions: probesSessions ? measured.sessions : nil,
            readiness: readiness, registry: metrics)
        // What the page itself asks is not counted with what the service does.
        let roster = Roster(stores.sessions) { [weak self] in self?.status ?? .gone }
        self.roster.withLock { $0 = roster }
        observer.withLock {
            $0 = Observer(
                status: { [weak self] in self?.status ?? .gone }, stores: (stores.mailLog, stores.view, roster))
        }
        return (measured, probe)
    }

    /// Runs beside the service until it is told to stop, and says at once that it stops.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [sampler] in await sampler.run() }
            if let observer = observer.withLock({ $0 }) { group.addTask { await observer.run() } }
            if let roster = roster.withLock({ $0 }) { group.addTask { await roster.run() } }
            group.addTask { [readiness] in
                while (try? await Task.sleep(for: .seconds(3600))) != nil {}
                readiness.lacking("process", "stopping")
            }
        }
    }

    /// Ends it, last of all.
    func stop() { server.withLock { $0 }?.stop() }

    private var status: MemberStatus {
        let partitions = metrics.values(of: "partition", in: "poste_partition_lag_records").compactMap { Int($0) }
        return MemberStatus(
            id: id, role: role, name: name.withLock { $0 }, admin: address["admin"], version: Poste.version,
            startedMs: started, atMs: wallClock().milliseconds,
            lacks: readiness.lacks.map { "\($0.part): \($0.reason)" },
            partitions: partitions.sorted(), figures: sampler.current)
    }
}

extension MemberStatus {
    /// Of a service that has ended while somebody asked.
    fileprivate static let gone = MemberStatus(
        id: "", role: "", name: "", admin: nil, version: "", startedMs: 0, atMs: 0)
}

extension Option {
    static let admin = Option(
        "admin", .value("HOST:PORT"),
        "where the page of the cluster, /metrics, /healthz and /readyz are served over plain HTTP, to operators only; "
            + "'none' for nowhere",
        default: "127.0.0.1, any free port")
}

extension Arguments {
    /// `--admin`; none where nothing is to be served.
    func adminAddress() throws -> RPCAddress? {
        value("admin") == "none" ? nil : try address("admin", default: "127.0.0.1:0")
    }
}
