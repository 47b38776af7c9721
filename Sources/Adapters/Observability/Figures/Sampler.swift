import Synchronization

/// Looks at metrics each second, and tells what happened lately.
public final class Sampler: Sendable {
    private struct Sample: Sendable {
        let at: ContinuousClock.Instant
        let readings: [Int: MetricReading]
    }

    private let registry: MetricRegistry
    private let figures: [Figure]
    private let samples = Mutex<[Sample]>([])

    /// Rates are those of so long.
    public static let rateWindow = Duration.seconds(10)
    /// Quantiles are those of so long.
    public static let quantileWindow = Duration.seconds(60)

    /// A sampler of these figures.
    public init(_ registry: MetricRegistry, _ figures: [Figure]) {
        self.registry = registry
        self.figures = figures
    }

    /// Looks each second until the task is cancelled.
    public func run() async {
        repeat { take() } while (try? await Task.sleep(for: .seconds(1))) != nil
    }

    /// Looks once.
    public func take() {
        var readings: [Int: MetricReading] = [:]
        for (index, figure) in figures.enumerated() where figure.kind != .level {
            readings[index] = registry.reading(figure.metric, figure.labels)
        }
        let sample = Sample(at: .now, readings: readings)
        samples.withLock { samples in
            samples.append(sample)
            samples.removeAll { sample.at - $0.at > Self.quantileWindow }
        }
    }

    /// The figures of this process, by name; those whose metrics it does not have are left out.
    public var current: [String: Double] {
        let samples = samples.withLock { $0 }
        let now = ContinuousClock.now
        var current: [String: Double] = [:]
        for (index, figure) in figures.enumerated() {
            guard let reading = registry.reading(figure.metric, figure.labels) else { continue }
            let window = figure.kind == .rate ? Self.rateWindow : Self.quantileWindow
            let first = samples.first { now - $0.at <= window }
            switch (figure.kind, reading) {
            case (.level, .number(let value)): current[figure.name] = value
            case (.rate, .number(let value)):
                guard let first, now > first.at, case .number(let earlier) = first.readings[index] ?? .number(0) else {
                    current[figure.name] = 0
                    continue
                }
                let seconds: Double = (now - first.at) / .seconds(1)
                current[figure.name] = max(0, value - earlier) / max(seconds, 1)
            case (.quantiles, .histogram(let latest)):
                var lately = latest
                if case .histogram(let earlier)? = first?.readings[index] { lately = latest.since(earlier) }
                guard let median = lately.quantile(0.5), let tail = lately.quantile(0.99) else { continue }
                current[figure.name + "_p50_ms"] = median * 1000
                current[figure.name + "_p99_ms"] = tail * 1000
            default: break
            }
        }
        return current
    }
}
