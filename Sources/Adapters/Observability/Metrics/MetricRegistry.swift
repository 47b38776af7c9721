import Synchronization

/// The metrics of one process. Whoever counts is given it; there is no global one.
///
/// A name asked for again gives the same metric, so that two parts of a process may share it. Names and labels are of the program, and are
/// checked: a wrong one ends the process when it starts.
public final class MetricRegistry: Sendable {
    private struct Entry: Sendable {
        let help: String
        let type: String
        let labels: [String]
        /// The instrument or the family, to be found again.
        let metric: any Sendable
        /// All series together that have these labels.
        let read: @Sendable ([String: String]) -> MetricReading?
        /// The values of the labels of all series.
        let values: @Sendable () -> [[String]]
        let write: @Sendable (inout String) -> Void
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// A registry without metrics.
    public init() {}

    /// A counter; its name ends in `_total`.
    public func counter(_ name: String, _ help: String) -> Counter { single(name, help, Counter.init) }
    /// Counters by labels.
    public func counters(_ name: String, _ help: String, labels: String...) -> MetricFamily<Counter> {
        family(name, help, labels, Counter.init)
    }
    /// A gauge.
    public func gauge(_ name: String, _ help: String) -> Gauge { single(name, help, Gauge.init) }
    /// Gauges by labels.
    public func gauges(_ name: String, _ help: String, labels: String...) -> MetricFamily<Gauge> {
        family(name, help, labels, Gauge.init)
    }
    /// A histogram; its name ends in `_seconds`.
    public func histogram(_ name: String, _ help: String, _ buckets: Histogram.Buckets = .latency) -> Histogram {
        single(name, help) { Histogram(buckets) }
    }
    /// Histograms by labels.
    public func histograms(
        _ name: String, _ help: String, labels: String..., buckets: Histogram.Buckets = .latency
    ) -> MetricFamily<Histogram> {
        family(name, help, labels) { Histogram(buckets) }
    }

    /// Numbers that are looked up when somebody asks for the metrics; none at that moment leaves the sample out.
    ///
    /// - Parameter type: `Gauge.type` or `Counter.type`.
    public func computed(
        _ name: String, _ help: String, type: String = Gauge.type, read: @escaping @Sendable () -> Double?
    ) {
        _ = register(name, help, type, []) {
            (
                read, { labels in labels.isEmpty ? read().map(MetricReading.number) : nil }, { [] },
                { text in if let value = read() { text.append(sample: name, [], decimal(value)) } }
            )
        }
    }

    /// All of it in Prometheus's text format, version 0.0.4: families in the order of their names.
    public var exposition: String {
        let sorted = entries.withLock { $0 }.sorted { $0.key < $1.key }
        var text = ""
        for (name, entry) in sorted {
            text += "# HELP \(name) \(entry.help.escaped(quotes: false))\n# TYPE \(name) \(entry.type)\n"
            entry.write(&text)
        }
        return text
    }

    /// What a metric shows now, all series together that have these labels; none where there is no such metric or series.
    public func reading(_ name: String, _ labels: [String: String] = [:]) -> MetricReading? {
        entries.withLock { $0[name] }?.read(labels)
    }

    /// The values that a label of a metric has now, each once; none where there is no such metric.
    public func values(of label: String, in name: String) -> Set<String> {
        guard let entry = entries.withLock({ $0[name] }), let index = entry.labels.firstIndex(of: label) else {
            return []
        }
        return Set(entry.values().map { $0[index] })
    }

    /// The media type of `exposition`.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private func single<Kind: Instrument>(
        _ name: String, _ help: String, _ make: @escaping @Sendable () -> Kind
    ) -> Kind {
        register(name, help, Kind.type, []) {
            let instrument = make()
            return (
                instrument, { $0.isEmpty ? instrument.reading : nil }, { [] }, { instrument.write(name, [], to: &$0) }
            )
        }
    }

    private func family<Kind: Instrument>(
        _ name: String, _ help: String, _ labels: [String], _ make: @escaping @Sendable () -> Kind
    ) -> MetricFamily<Kind> {
        register(name, help, Kind.type, labels) {
            let family = MetricFamily(labels: labels, make: make)
            return (
                family, { family.reading($0) }, { Array(family.all.keys) },
                { text in
                    for (values, instrument) in family.all.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                        instrument.write(name, Array(zip(labels, values)), to: &text)
                    }
                }
            )
        }
    }

    private func register<Metric: Sendable>(
        _ name: String, _ help: String, _ type: String, _ labels: [String],
        _ make: () -> (
            Metric, read: @Sendable ([String: String]) -> MetricReading?, values: @Sendable () -> [[String]],
            write: @Sendable (inout String) -> Void
        )
    ) -> Metric {
        precondition(name.isMetricName && labels.allSatisfy(\.isMetricName), "\(name) \(labels): no name for a metric")
        return entries.withLock { entries in
            if let there = entries[name] {
                guard there.type == type, there.labels == labels, let metric = there.metric as? Metric else {
                    preconditionFailure("\(name) is a \(there.type) with the labels \(there.labels) already")
                }
                return metric
            }
            let (metric, read, values, write) = make()
            entries[name] = Entry(
                help: help, type: type, labels: labels, metric: metric, read: read, values: values, write: write)
            return metric
        }
    }
}
