import Observability

/// What becomes of spans.
struct ExportMetrics: Sendable {
    /// The collector has them.
    let sent: Counter
    /// There was no room for them.
    let dropped: Counter
    /// It could not be reached, for too long.
    let failed: Counter
    /// It does not want them.
    let refused: Counter

    init(_ registry: MetricRegistry, waiting: SpanQueue) {
        let spans = registry.counters(
            "poste_trace_spans_total", "Spans for the collector, by what became of them.", labels: "outcome")
        (sent, dropped, failed, refused) = (spans["sent"], spans["dropped"], spans["failed"], spans["refused"])
        registry.computed("poste_trace_spans_waiting", "Spans that are not yet with the collector.") {
            Double(waiting.count)
        }
    }

    /// All that never come to the collector.
    var missing: UInt64 { dropped.value + failed.value + refused.value }
}
