import Observability

extension AdminServer {
    /// The pages that every process has.
    ///
    /// - `/metrics`: all metrics, for Prometheus
    /// - `/healthz`: 200 as long as the process lives
    /// - `/readyz`: 200 while it serves, else 503 and what it lacks, a line each
    public static func standardPages(metrics: MetricRegistry, readiness: Readiness) -> [String: Page] {
        [
            "/metrics": { AdminResponse(MetricRegistry.mediaType, Array(metrics.exposition.utf8)) },
            "/healthz": { .text("ok\n") },
            "/readyz": {
                let lacks = readiness.lacks
                guard !lacks.isEmpty else { return .text("ok\n") }
                return .text(lacks.map { "\($0.part): \($0.reason)\n" }.joined(), status: 503)
            },
        ]
    }
}
