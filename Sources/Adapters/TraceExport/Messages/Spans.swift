import MailboxAPI

extension OTLP {
    /// The spans of a resource.
    package struct ResourceSpans: ProtobufMessage {
        /// `opentelemetry.proto.trace.v1.ResourceSpans`.
        package static let name = "opentelemetry.proto.trace.v1.ResourceSpans"
        /// Whose they are.
        package var resource: Resource?
        /// By what made them.
        package var scopeSpans: [ScopeSpans] = []

        /// An empty message.
        package init() {}

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            switch field.number {
            case 1: resource = try field.message(into: resource)
            case 2: scopeSpans.append(try field.message())
            default: break
            }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            if let resource { writer.message(1, resource) }
            for spans in scopeSpans { writer.message(2, spans) }
        }
    }

    /// The spans that a scope makes.
    package struct ScopeSpans: ProtobufMessage {
        /// `opentelemetry.proto.trace.v1.ScopeSpans`.
        package static let name = "opentelemetry.proto.trace.v1.ScopeSpans"
        /// What makes them.
        package var scope: Scope?
        /// In the order of their ends.
        package var spans: [Span] = []

        /// An empty message.
        package init() {}

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            switch field.number {
            case 1: scope = try field.message(into: scope)
            case 2: spans.append(try field.message())
            default: break
            }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            if let scope { writer.message(1, scope) }
            for span in spans { writer.message(2, span) }
        }
    }

    /// A span.
    package struct Span: ProtobufMessage {
        /// `opentelemetry.proto.trace.v1.Span`.
        package static let name = "opentelemetry.proto.trace.v1.Span"
        /// 16 octets.
        package var traceID: [UInt8] = []
        /// 8 octets.
        package var spanID: [UInt8] = []
        /// 8 octets; empty for the first span of a trace.
        package var parentSpanID: [UInt8] = []
        /// What was done.
        package var name = ""
        /// A number of `Observability.Span.Kind`.
        package var kind: Int32 = 0
        /// ns since 1970.
        package var start: UInt64 = 0
        /// ns since 1970.
        package var end: UInt64 = 0
        /// What is known of it.
        package var attributes: [KeyValue] = []
        /// What it belongs to as well.
        package var links: [Link] = []
        /// How it went, where that is known.
        package var status: Status?

        /// An empty message.
        package init() {}

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            switch field.number {
            case 1: traceID = try field.octets()
            case 2: spanID = try field.octets()
            case 4: parentSpanID = try field.octets()
            case 5: name = try field.text()
            case 6: kind = try field.int32()
            case 7: start = try field.fixed64()
            case 8: end = try field.fixed64()
            case 9: attributes.append(try field.message())
            case 13: links.append(try field.message())
            case 15: status = try field.message(into: status)
            default: break
            }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            writer.bytes(1, traceID)
            writer.bytes(2, spanID)
            writer.bytes(4, parentSpanID)
            writer.text(5, name)
            writer.number(6, kind)
            writer.fixed64(7, start)
            writer.fixed64(8, end)
            for attribute in attributes { writer.message(9, attribute) }
            for link in links { writer.message(13, link) }
            if let status { writer.message(15, status) }
        }
    }

    /// A span of another trace.
    package struct Link: ProtobufMessage {
        /// `opentelemetry.proto.trace.v1.Span.Link`.
        package static let name = "opentelemetry.proto.trace.v1.Span.Link"
        /// 16 octets.
        package var traceID: [UInt8] = []
        /// 8 octets.
        package var spanID: [UInt8] = []

        /// An empty message.
        package init() {}

        /// A link.
        package init(traceID: [UInt8], spanID: [UInt8]) {
            self.traceID = traceID
            self.spanID = spanID
        }

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            switch field.number {
            case 1: traceID = try field.octets()
            case 2: spanID = try field.octets()
            default: break
            }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            writer.bytes(1, traceID)
            writer.bytes(2, spanID)
        }
    }

    /// How a span went.
    package struct Status: ProtobufMessage {
        /// `opentelemetry.proto.trace.v1.Status`.
        package static let name = "opentelemetry.proto.trace.v1.Status"
        /// `STATUS_CODE_ERROR`.
        package static let error: Int32 = 2
        /// Why it failed.
        package var message = ""
        /// 0 where nothing is said.
        package var code: Int32 = 0

        /// An empty message.
        package init() {}

        /// Of a span that failed.
        package init(failure: String) {
            message = failure
            code = Self.error
        }

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            switch field.number {
            case 2: message = try field.text()
            case 3: code = try field.int32()
            default: break
            }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            writer.text(2, message)
            writer.number(3, code)
        }
    }
}
