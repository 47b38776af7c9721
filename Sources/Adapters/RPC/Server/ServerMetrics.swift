import Observability

/// Counts the calls of a server, by methods that it has: a path that a client makes up is `other`.
struct ServerMetrics: Sendable {
    private let calls: MetricFamily<Counter>
    private let seconds: MetricFamily<Histogram>
    private let underWay: MetricFamily<Gauge>
    private let names: [String: String]
    private let known: Set<String>

    /// - Parameter paths: all of the server's, as `/package.Service/Method`; the label is `Service/Method`.
    init(_ registry: MetricRegistry, paths: some Sequence<String>) {
        calls = registry.counters(
            "poste_rpc_calls_total", "Calls that have ended, by method and status.", labels: "method", "code")
        seconds = registry.histograms(
            "poste_rpc_seconds", "How long calls took from arrival to end; those with a stream of answers are not in it.",
            labels: "method")
        underWay = registry.gauges("poste_rpc_calls_underway", "Calls under way, by method.", labels: "method")
        names = Dictionary(
            paths.map { path in
                let parts = path.split(separator: "/")
                let service = parts.first?.split(separator: ".").last ?? ""
                return (path, "\(service)/\(parts.last ?? "")")
            }, uniquingKeysWith: { first, _ in first })
        known = Set(names.values)
    }

    /// A call begins; the handler's end is its `-1`.
    func begun(_ path: String, _ change: Int64) { underWay[label(path)].add(change) }

    func ended(_ record: RPCCallRecord, method: RPCMethod?) {
        let label = label(record.path)
        calls[label, LabelValue(record.code.description, of: Self.codes)].add()
        if let method, !method.givesStream { seconds[label].observe(record.duration) }
    }

    private func label(_ path: String) -> LabelValue { LabelValue(names[path] ?? "", of: known) }

    private static let codes = Set(RPCCode.allCases.map(\.description))
}
