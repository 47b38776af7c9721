import Synchronization

/// A metric with labels: one instrument for each combination of their values.
public final class MetricFamily<Kind: Instrument>: Sendable {
    /// The most series of one family; what comes beyond them is counted together, with every label `other`.
    public static var limit: Int { 1000 }

    /// The labels' names.
    public let labels: [String]
    private let make: @Sendable () -> Kind
    private let series = Mutex<[[String]: Kind]>([:])

    init(labels: [String], make: @escaping @Sendable () -> Kind) {
        self.labels = labels
        self.make = make
    }

    /// The instrument of these values, one for each label; made when it is first asked for, and kept. Who counts often holds on to it.
    public subscript(_ values: LabelValue...) -> Kind {
        precondition(values.count == labels.count, "a value is needed for each of the labels \(labels)")
        let key = values.map(\.text)
        return series.withLock { series in
            if let there = series[key] { return there }
            let room = series.count < Self.limit
            let kept = room ? key : labels.map { _ in "other" }
            if !room, let there = series[kept] { return there }
            let new = make()
            series[kept] = new
            return new
        }
    }

    /// Forgets a series, as that of a partition which went to another process.
    public func remove(_ values: LabelValue...) { _ = series.withLock { $0.removeValue(forKey: values.map(\.text)) } }

    /// All series that there are now, by the values of their labels.
    public var all: [[String]: Kind] { series.withLock { $0 } }

    /// What those series show together that have these labels; none where there is none.
    func reading(_ wanted: [String: String]) -> MetricReading? {
        guard wanted.keys.allSatisfy(labels.contains) else { return nil }
        let readings = all.filter { values, _ in
            zip(labels, values).allSatisfy { wanted[$0] == nil || wanted[$0] == $1 }
        }
        .values.map(\.reading)
        guard let first = readings.first else { return nil }
        return readings.dropFirst().reduce(first) { $0.adding($1) }
    }
}

extension MetricFamily where Kind == Counter {
    /// Of all series together.
    public var total: UInt64 { all.values.reduce(0) { $0 + $1.value } }
}

extension MetricFamily where Kind == Gauge {
    /// Of all series together.
    public var total: Int64 { all.values.reduce(0) { $0 + $1.value } }
}

extension MetricFamily where Kind == Histogram {
    /// Of all series together; none where there is none.
    public var total: HistogramSnapshot? {
        let snapshots = all.values.map(\.snapshot)
        guard let first = snapshots.first else { return nil }
        return snapshots.dropFirst().reduce(first) { $0.adding($1) }
    }
}

/// The value of a label. It comes from a bounded set, so that neither an identity nor a secret, nor what a caller makes up, ends in a metric.
public struct LabelValue: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    let text: String

    /// A word of the program.
    public init(stringLiteral value: StaticString) { text = value.description }
    /// A small number, as that of a partition.
    public init(integerLiteral value: Int) { text = String(value) }
    /// A small number, as that of a partition.
    public init(_ number: Int) { text = String(number) }
    /// A case of an enumeration.
    public init<Case: CaseIterable & Sendable>(_ value: Case) where Case: RawRepresentable, Case.RawValue == String {
        text = value.rawValue
    }
    /// A text where it is one of those that are known, else `other`.
    public init(_ text: String, of known: Set<String>) { self.text = known.contains(text) ? text : "other" }
}
