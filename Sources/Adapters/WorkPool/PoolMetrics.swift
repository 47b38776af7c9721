import Observability

/// What is counted of a pool of threads.
struct PoolMetrics: Sendable {
    let waiting: Gauge
    let busy: Gauge
    let shed: Counter
    let waited: Histogram
    let worked: Histogram

    init(_ registry: MetricRegistry, pool: LabelValue, threadCount: Int) {
        registry.gauges("poste_pool_threads", "Threads for computing, by pool.", labels: "pool")[pool].set(threadCount)
        waiting = registry.gauges("poste_pool_waiting", "Pieces of work that wait for a thread.", labels: "pool")[pool]
        busy = registry.gauges("poste_pool_busy", "Threads that compute now.", labels: "pool")[pool]
        shed = registry.counters(
            "poste_pool_shed_total", "Pieces of work refused because too many waited.", labels: "pool")[pool]
        waited = registry.histograms(
            "poste_pool_wait_seconds", "How long work waited for a thread.", labels: "pool")[pool]
        worked = registry.histograms(
            "poste_pool_work_seconds", "How long work took on its thread.", labels: "pool")[pool]
    }
}
