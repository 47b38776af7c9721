import Mailbox
import Observability

/// The spans of a batch: one for each deposit that it brings or ends, in the deposit's own trace.
struct FoldSpans {
    private let spans: [Span]
    private let tracer: Tracer

    /// Begins them. Nothing is done where nothing is traced.
    init(_ outcome: FoldOutcome, partition: Int, tracer: Tracer) {
        self.tracer = tracer
        guard tracer.isOn else {
            spans = []
            return
        }
        func span(_ name: String, _ id: DepositID) -> Span? {
            let trace = DepositTrace(id)
            var span = tracer.begin(name, .consumer, in: trace.id, parent: trace.depositSpan)
            span?.attributes = [("poste.deposit.id", LogValue(id)), ("poste.partition", LogValue(partition))]
            return span
        }
        spans =
            outcome.arrived.compactMap { span("fold envelope", $0.envelope.id) }
            + outcome.settled.compactMap { span("fold tombstone", $0.id) }
    }

    /// The view has it.
    func end() { for span in spans { tracer.end(span) } }
}
