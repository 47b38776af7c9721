import Observability

/// What a KMS counts.
struct KeyManagementMetrics: Sendable {
    let requests: MetricFamily<Counter>
    let keys: Counter
    let enrolments: MetricFamily<Counter>
    let failed: Counter
    let crypto: MetricFamily<Histogram>

    init(_ registry: MetricRegistry) {
        requests = registry.counters("poste_kms_requests_total", "Key requests answered, by outcome.", labels: "outcome")
        keys = registry.counter("poste_kms_keys_issued_total", "Private keys issued; those of repeats too.")
        enrolments = registry.counters("poste_kms_enrolments_total", "Enrolments, by outcome.", labels: "outcome")
        failed = registry.counter("poste_kms_failures_total", "Calls that failed by a fault of the KMS or its disk.")
        crypto = registry.histograms(
            "poste_crypto_seconds", "How long a cryptographic operation computed.", labels: "operation")
        for outcome: LabelValue in ["granted", "refused"] {
            _ = requests[outcome]
            _ = enrolments[outcome]
        }
    }
}
