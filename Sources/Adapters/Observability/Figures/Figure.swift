/// A number for people, made of metrics.
public struct Figure: Sendable {
    enum Kind: Sendable {
        /// How often in a second.
        case rate
        /// How much now, or how often since the process began.
        case level
        /// Median and 99th percentile in milliseconds, as `…_p50_ms` and `…_p99_ms`.
        case quantiles
    }

    let name: String
    let metric: String
    let labels: [String: String]
    let kind: Kind

    /// How often something happens in a second.
    public static func rate(_ name: String, _ metric: String, _ labels: [String: String] = [:]) -> Figure {
        Figure(name: name, metric: metric, labels: labels, kind: .rate)
    }
    /// How much there is, or how often something happened since the process began.
    public static func level(_ name: String, _ metric: String, _ labels: [String: String] = [:]) -> Figure {
        Figure(name: name, metric: metric, labels: labels, kind: .level)
    }
    /// How long something takes: `name_p50_ms` and `name_p99_ms`.
    public static func quantiles(_ name: String, _ metric: String, _ labels: [String: String] = [:]) -> Figure {
        Figure(name: name, metric: metric, labels: labels, kind: .quantiles)
    }
}
