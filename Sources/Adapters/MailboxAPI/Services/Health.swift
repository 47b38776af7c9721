import RPC
import Synchronization

/// The health of a server's services, as `grpc.health.v1.Health` tells it to load balancers and supervisors.
public final class Health: Sendable {
    private typealias Watcher = AsyncStream<ServingStatus>.Continuation

    private let state: Mutex<State>

    private struct State {
        /// By service; the empty name is the server as a whole.
        var statuses: [String: ServingStatus]
        var watchers: [String: [Int: Watcher]] = [:]
        var nextWatcher = 0
    }

    /// The server as a whole and each of the named services, all with one status.
    public init(services: [String], status: ServingStatus = .serving) {
        let names = services + [""]
        state = Mutex(State(statuses: Dictionary(names.map { ($0, status) }, uniquingKeysWith: { first, _ in first })))
    }

    /// Sets the status of a service, or of the server as a whole without a name, and tells those who watch it.
    public func set(_ status: ServingStatus, of service: String = "") {
        state.withLock { state in
            guard state.statuses.updateValue(status, forKey: service) != status else { return }
            for watcher in (state.watchers[service] ?? [:]).values { watcher.yield(status) }
        }
    }

    /// Sets the status of everything, as a server does that goes down.
    public func setAll(_ status: ServingStatus) {
        for service in state.withLock({ Array($0.statuses.keys) }) { set(status, of: service) }
    }

    /// The service for ``RPC/RPCServer``.
    public var service: RPCService {
        RPCService(
            name: Methods.checkHealth.service,
            methods: [
                Methods.checkHealth.answered { [self] request, _ in
                    guard let status = state.withLock({ $0.statuses[request.service] }) else {
                        throw RPCStatus(.notFound, "this server has no service \(request.service)")
                    }
                    return HealthCheckResponse(status: status)
                },
                Methods.watchHealth.answered { [self] request, responses, _ in
                    // Of several changes that a slow watcher has not seen only the latest matters.
                    for await status in changes(of: request.service) {
                        try await responses.send(HealthCheckResponse(status: status))
                    }
                },
            ])
    }

    /// The status now and then each change, until the watching task is cancelled.
    private func changes(of service: String) -> AsyncStream<ServingStatus> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { watcher in
            let id = state.withLock { state in
                state.nextWatcher += 1
                state.watchers[service, default: [:]][state.nextWatcher] = watcher
                watcher.yield(state.statuses[service] ?? .serviceUnknown)
                return state.nextWatcher
            }
            watcher.onTermination = { [weak self] _ in self?.forget(id, service) }
        }
    }

    private func forget(_ id: Int, _ service: String) {
        state.withLock { state in
            state.watchers[service]?[id] = nil
            if state.watchers[service]?.isEmpty == true { state.watchers[service] = nil }
        }
    }
}
