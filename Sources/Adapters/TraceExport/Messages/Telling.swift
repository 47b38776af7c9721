import Observability

extension OTLP.ExportRequest {
    /// Spans of one process, for the collector.
    init(_ spans: some Sequence<EndedSpan>, of resource: TraceResource) {
        var made = OTLP.ScopeSpans()
        made.scope = OTLP.Scope(name: TraceResource.scope)
        made.spans = spans.map(OTLP.Span.init)
        var all = OTLP.ResourceSpans()
        all.resource = OTLP.Resource(attributes: resource.attributes.map { OTLP.KeyValue($0, $1) })
        all.scopeSpans = [made]
        resourceSpans = [all]
    }
}

extension OTLP.Span {
    /// A span as the collector takes it.
    init(_ ended: EndedSpan) {
        let span = ended.span
        traceID = span.context.traceID
        spanID = span.context.spanID
        parentSpanID = span.parent ?? []
        name = span.name
        kind = Int32(span.kind.rawValue)
        start = span.start
        end = ended.end
        attributes = span.attributes.map { OTLP.KeyValue($0, $1) }
        links = span.link.map { [OTLP.Link(traceID: $0.traceID, spanID: $0.spanID)] } ?? []
        status = ended.failure.map { OTLP.Status(failure: $0) }
    }
}
