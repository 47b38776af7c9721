import Mailbox
import Observability
import RPC
import WorkPool

/// What a front counts.
struct FrontMetrics: Sendable {
    let exchanges: MetricFamily<Counter>
    let crypto: MetricFamily<Histogram>
    let deposits: MetricFamily<Counter>
    let depositOctets: Counter
    let commit: Histogram
    let streams: Gauge
    let streamsOpened: Counter
    let deliveries: MetricFamily<Counter>
    let answers: MetricFamily<Counter>
    let answerTime: Histogram
    let presence: MetricFamily<Counter>
    let keysFetched: Gauge

    init(_ registry: MetricRegistry) {
        exchanges = registry.counters(
            "poste_exchange_messages_total", "MIKEY messages taken, by what came of them.", labels: "outcome")
        crypto = registry.histograms(
            "poste_crypto_seconds", "How long a cryptographic operation computed.", labels: "operation")
        deposits = registry.counters("poste_deposits_total", "Deposits, by what came of them.", labels: "outcome")
        depositOctets = registry.counter(
            "poste_deposit_octets_total", "Octets of the ciphertexts of stored deposits.")
        commit = registry.histogram(
            "poste_deposit_commit_seconds", "From the last message of a deposit to its receipt: the log has it durably."
        )
        streams = registry.gauge("poste_streams", "Recipients' streams that this front holds.")
        streamsOpened = registry.counter("poste_streams_opened_total", "Recipients' streams that were opened.")
        deliveries = registry.counters(
            "poste_deliveries_total", "Deposits pushed to this front for its streams, by what came of them.",
            labels: "outcome")
        answers = registry.counters(
            "poste_answers_total", "Answers of recipients that the log has.", labels: "answer")
        answerTime = registry.histogram(
            "poste_answer_seconds", "From a delivery into a recipient's stream to his answer, in the log.", .patience)
        presence = registry.counters(
            "poste_presence_published_total", "Presence events published through this front, by what they say.",
            labels: "basic")
        keysFetched = registry.gauge(
            "poste_keys_fetched_timestamp_seconds",
            "When this front last got its keys from the KMS, in seconds since 1970; 0 before that.")
        // From the beginning, so that a rate sees the first one.
        for outcome: LabelValue in ["r_message_1", "r_message_2", "repeated", "refused", "limited", "shed", "failed"] {
            _ = exchanges[outcome]
        }
        for outcome: LabelValue in ["stored", "repeated", "refused", "quota", "failed"] { _ = deposits[outcome] }
        for outcome: LabelValue in ["sent", "dropped", "gap"] { _ = deliveries[outcome] }
        for answer: LabelValue in ["acknowledged", "refused"] { _ = answers[answer] }
        for basic: LabelValue in ["open", "closed"] { _ = presence[basic] }
    }

    func count(_ answer: ExchangeService.Answer) {
        if answer.isError {
            exchanges["refused"].add()
        } else if answer.isRepeat {
            exchanges["repeated"].add()
        } else {
            exchanges[answer.session == nil ? "r_message_1" : "r_message_2"].add()
        }
    }

    func countExchange(_ error: any Error) {
        switch error {
        case FrontFault.rate: exchanges["limited"].add()
        case is WorkPoolFull: exchanges["shed"].add()
        case let status as RPCStatus where status.code == .invalidArgument: exchanges["refused"].add()
        default: exchanges["failed"].add()
        }
    }

    func countDeposit(_ error: any Error) {
        switch error {
        case Admission.Fault.quotaExceeded: deposits["quota"].add()
        case is StoreError, is CancellationError: deposits["failed"].add()
        case let status as RPCStatus where [.cancelled, .deadlineExceeded, .unavailable].contains(status.code):
            deposits["failed"].add()
        default: deposits["refused"].add()
        }
    }
}
