import MailboxAPI

/// OpenTelemetry's protocol, as far as it is used: the messages of the .proto files beside this folder, whose source each of them names.
package enum OTLP {
    /// Leaves spans with a collector.
    package static let export = UnaryMethod<ExportRequest, ExportResponse>(
        "opentelemetry.proto.collector.trace.v1.TraceService", "Export")

    /// Spans for a collector.
    package struct ExportRequest: ProtobufMessage {
        /// `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`.
        package static let name = "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"
        /// By whose they are.
        package var resourceSpans: [ResourceSpans] = []

        /// An empty message.
        package init() {}

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            if field.number == 1 { resourceSpans.append(try field.message()) }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            for spans in resourceSpans { writer.message(1, spans) }
        }
    }

    /// The collector has them.
    package struct ExportResponse: ProtobufMessage {
        /// `opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse`.
        package static let name = "opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse"
        /// There where it did not take all.
        package var partialSuccess: PartialSuccess?

        /// An empty message.
        package init() {}

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            if field.number == 1 { partialSuccess = try field.message(into: partialSuccess) }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            if let partialSuccess { writer.message(1, partialSuccess) }
        }
    }

    /// What the collector did not take, and why.
    package struct PartialSuccess: ProtobufMessage {
        /// `opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess`.
        package static let name = "opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess"
        /// How many spans.
        package var rejectedSpans: Int64 = 0
        /// For people.
        package var errorMessage = ""

        /// An empty message.
        package init() {}

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            switch field.number {
            case 1: rejectedSpans = try field.int64()
            case 2: errorMessage = try field.text()
            default: break
            }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            writer.number(1, UInt64(bitPattern: rejectedSpans))
            writer.text(2, errorMessage)
        }
    }
}
