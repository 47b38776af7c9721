import Mailbox
import Observability

/// What is counted of the calls to log, view and sessions.
public struct StoreMetrics: Sendable {
    let seconds: MetricFamily<Histogram>
    let errors: MetricFamily<Counter>
    let underWay: MetricFamily<Gauge>
    let records: MetricFamily<Counter>
    let octets: MetricFamily<Counter>
    let tombstones: MetricFamily<Counter>

    /// The metrics in a registry; the same for all who ask.
    public init(_ registry: MetricRegistry) {
        seconds = registry.histograms(
            "poste_store_seconds", "How long calls to a store took, by store and operation.", labels: "store",
            "operation")
        errors = registry.counters(
            "poste_store_errors_total", "Calls to a store that failed, by store and kind of fault.", labels: "store",
            "kind")
        underWay = registry.gauges(
            "poste_store_calls_underway", "Calls to a store that have not returned yet.", labels: "store")
        records = registry.counters(
            "poste_log_appended_records_total", "Records that this process appended to the log, by topic.",
            labels: "topic")
        octets = registry.counters(
            "poste_log_appended_octets_total", "Octets that this process appended to the log, by topic.",
            labels: "topic")
        tombstones = registry.counters(
            "poste_tombstones_total", "Deposits that this process ended, by reason.", labels: "reason")
        for reason in Tombstone.Reason.allCases { _ = tombstones[LabelValue(reason)] }
        for store: LabelValue in ["log", "view", "sessions"] {
            _ = errors[store, LabelValue(word: .unavailable)]
        }
    }

    /// Looks at all the calls to one store.
    func store(_ name: LabelValue) -> Measured { Measured(metrics: self, store: name, underWay: underWay[name]) }
}

/// Measures the calls to one store.
struct Measured: Sendable {
    let metrics: StoreMetrics
    let store: LabelValue
    let underWay: Gauge

    /// Measures one call. One that waits for news is not timed, nor counted as under way.
    func call<Value>(
        _ operation: LabelValue, timed: Bool = true, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let start = ContinuousClock.now
        if timed { underWay.add(1) }
        defer {
            if timed {
                underWay.add(-1)
                metrics.seconds[store, operation].observe(since: start)
            }
        }
        do throws(StoreError) {
            return try await body()
        } catch {
            metrics.errors[store, LabelValue(word: error.kind)].add()
            throw error
        }
    }
}

extension LabelValue {
    /// The word of a kind of fault.
    init(word kind: StoreError.Kind) {
        switch kind {
        case .unavailable: self = "unavailable"
        case .locked: self = "locked"
        case .full: self = "full"
        case .tooLarge: self = "too_large"
        case .gone: self = "gone"
        case .corrupt: self = "corrupt"
        case .newerVersion: self = "newer_version"
        case .closed: self = "closed"
        case .misuse: self = "misuse"
        }
    }

    /// The topic's short name.
    init(topic: LogTopic) {
        switch topic {
        case .envelopes: self = "envelopes"
        case .contents: self = "contents"
        case .presence: self = "presence"
        case .deadLetters: self = "dead-letters"
        }
    }
}
