import Observability

extension AdminServer {
    /// The pages that every process has.
    ///
    /// - `/metrics`: all metrics, for Prometheus
    /// - `/healthz`: 200 as long as the process lives
    /// - `/readyz`: 200 while it serves, else 503 and what it lacks, a line each
    public static func standardPages(metrics: MetricRegistry, readiness: Readiness) -> [String: Page] {
        counted(
            in: metrics,
            [
                "/metrics": { AdminResponse(MetricRegistry.mediaType, Array(metrics.exposition.utf8)) },
                "/healthz": { .text("ok\n") },
                "/readyz": {
                    let lacks = readiness.lacks
                    guard !lacks.isEmpty else { return .text("ok\n") }
                    return .text(lacks.map { "\($0.part): \($0.reason)\n" }.joined(), status: 503)
                },
            ])
    }

    /// The pages, counted by their paths.
    public static func counted(in metrics: MetricRegistry, _ pages: [String: Page]) -> [String: Page] {
        let requests = metrics.counters("poste_admin_requests_total", "Pages that operators asked for.", labels: "path")
        let paths = Set(pages.keys)
        return Dictionary(
            uniqueKeysWithValues: pages.map { path, page in
                let counter = requests[LabelValue(path, of: paths)]
                let answer: Page = {
                    counter.add()
                    return page()
                }
                return (path, answer)
            })
    }
}
