import Mailbox
import Observability
import RPC

/// What a delivery worker counts.
struct DeliveryMetrics: Sendable {
    let owned: Gauge
    let lag: MetricFamily<Gauge>
    let pending: MetricFamily<Gauge>
    let folded: MetricFamily<Counter>
    let passedOver: MetricFamily<Counter>
    let foldTime: Histogram
    let viewMoved: Counter
    let viewDiscarded: Counter
    let deadLetters: Counter
    let receipts: Counter
    let forwarded: Counter
    let pushers: Gauge
    let pushes: Counter
    let pushedOctets: Counter
    let pushWait: Histogram
    let firstPush: Histogram
    let catchUp: Histogram
    let pushEnds: MetricFamily<Counter>
    let contentsLost: Counter
    let dials: MetricFamily<Counter>

    init(_ registry: MetricRegistry) {
        owned = registry.gauge("poste_partitions_owned", "Partitions that this worker owns.")
        lag = registry.gauges(
            "poste_partition_lag_records",
            "Records of the log that the view has not seen, in partitions of this worker.",
            labels: "topic", "partition")
        pending = registry.gauges(
            "poste_partition_pending", "Deposits and receipts that wait, in partitions of this worker.",
            labels: "partition")
        folded = registry.counters(
            "poste_folded_records_total", "Records folded into the view, by kind.", labels: "kind")
        passedOver = registry.counters(
            "poste_passed_over_records_total", "Records that changed nothing, by reason.", labels: "reason")
        foldTime = registry.histogram(
            "poste_fold_seconds", "How long a batch of records took from the log into the view.")
        viewMoved = registry.counter(
            "poste_view_moved_total", "How often another worker had moved the view on, as in a rebalance.")
        viewDiscarded = registry.counter(
            "poste_view_discarded_total", "Views that did not fit their log and were made again.")
        deadLetters = registry.counter("poste_dead_letters_total", "Records that could not be processed.")
        receipts = registry.counter("poste_receipts_total", "Delivery receipts made.")
        forwarded = registry.counter(
            "poste_presence_forwarded_total", "Presence events that came to a wrong partition and were sent on.")
        pushers = registry.gauge("poste_pushers", "Recipients that are pushed to.")
        pushes = registry.counter("poste_pushes_total", "Deposits and receipts pushed to fronts.")
        pushedOctets = registry.counter("poste_pushed_octets_total", "Octets of their ciphertexts.")
        pushWait = registry.histogram(
            "poste_push_wait_seconds",
            "From when a front received a deposit, or its recipient could be reached if that was later, to its push.",
            .patience)
        firstPush = registry.histogram(
            "poste_first_push_seconds",
            "From when a recipient could be reached to the first push, where something waited.",
            .patience)
        catchUp = registry.histogram(
            "poste_catch_up_seconds", "From when a recipient could be reached until all that waited was pushed.",
            .patience)
        pushEnds = registry.counters("poste_push_ends_total", "Calls to fronts that ended, by status.", labels: "code")
        contentsLost = registry.counter(
            "poste_contents_lost_total", "Deposits that wait though the log has lost their content.")
        dials = registry.counters("poste_dials_total", "Contacts dialled, by what came of it.", labels: "outcome")
        for kind: LabelValue in ["envelope", "acknowledged", "refused", "expired", "open", "closed", "routes"] {
            _ = folded[kind]
        }
    }

    /// Counts what a batch brought.
    func count(_ outcome: FoldOutcome, _ sorted: FoldBatch) {
        let counts = outcome.counts
        let kinds: [(LabelValue, Int)] = [
            ("envelope", counts.envelopes), ("acknowledged", counts.acknowledged), ("refused", counts.refused),
            ("expired", counts.expired), ("open", counts.open), ("closed", counts.closed), ("routes", counts.renewals),
        ]
        for (kind, count) in kinds where count > 0 { folded[kind].add(UInt64(count)) }
        let reasons: [(LabelValue, Int)] = [
            ("duplicate", counts.duplicates), ("unknown_tombstone", counts.unknownTombstones),
            ("early_expiry", counts.earlyExpiries), ("stale_presence", counts.stalePresence),
            ("future_presence", counts.futurePresence), ("repeated_presence", counts.repeatedPresence),
        ]
        for (reason, count) in reasons where count > 0 { passedOver[reason].add(UInt64(count)) }
        receipts.add(UInt64(outcome.receipts.count))
        forwarded.add(UInt64(sorted.forwards.count))
    }

    /// Counts how dialling ended.
    func count(_ end: ReachSchedule.DialEnd) {
        switch end {
        case .open: dials["open"].add()
        case .unreachable: dials["unreachable"].add()
        case .notProven: dials["not_proven"].add()
        case .noFront: dials["no_front"].add()
        }
    }

    /// Says how far a partition's view is behind its log.
    func setLag(_ position: LogPosition, _ end: LogPosition, of partition: Int) {
        let name = LabelValue(partition)
        lag["envelopes", name].set(end.envelopes - min(end.envelopes, position.envelopes))
        lag["presence", name].set(end.presence - min(end.presence, position.presence))
    }

    /// Forgets a partition that went to another worker.
    func forget(_ partition: Int) {
        let name = LabelValue(partition)
        lag.remove("envelopes", name)
        lag.remove("presence", name)
        pending.remove(name)
    }

    /// Counts how a call to a front ended.
    func countEnd(_ status: RPCStatus?) {
        let known = Set(RPCCode.allCases.map(\.description))
        pushEnds[LabelValue(status?.code.description ?? "OK", of: known)].add()
    }
}
