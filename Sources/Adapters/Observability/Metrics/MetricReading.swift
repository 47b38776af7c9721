/// What a metric, or all series of a family together, showed at one moment.
public enum MetricReading: Sendable, Hashable {
    /// A counter or a gauge.
    case number(Double)
    /// A histogram.
    case histogram(HistogramSnapshot)

    /// Both together; of two kinds the first.
    func adding(_ other: MetricReading) -> MetricReading {
        switch (self, other) {
        case (.number(let left), .number(let right)): .number(left + right)
        case (.histogram(let left), .histogram(let right)): .histogram(left.adding(right))
        default: self
        }
    }
}
