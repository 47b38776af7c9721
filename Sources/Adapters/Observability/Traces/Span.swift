/// One piece of work within a trace, while it is under way.
///
/// Its attributes are `LogValue`s, so they hold no secret; identities have no business in them either.
public struct Span: Sendable {
    /// What part it has in a call or a message, by the numbers of OTLP.
    public enum Kind: Int, Sendable {
        /// Within a process.
        case `internal` = 1
        /// Answers a call.
        case server = 2
        /// Makes a call.
        case client = 3
        /// Brings a message to the log.
        case producer = 4
        /// Takes a message from the log.
        case consumer = 5
    }

    /// What it does.
    public let name: String
    /// Where it is.
    public let context: TraceContext
    let kind: Kind
    let parent: [UInt8]?
    /// ns since 1970.
    let start: UInt64
    /// What is known of it.
    public var attributes: [(String, LogValue)] = []
    /// Of another trace that it belongs to as well.
    public var link: TraceContext?

    /// The span as a line of OTLP's JSON, as the collector's file receiver reads it.
    func line(resource: String, end: UInt64, failure: String?) -> String {
        var fields = [
            "\"traceId\":\"\(TraceContext.hex(context.traceID))\"",
            "\"spanId\":\"\(TraceContext.hex(context.spanID))\"",
            "\"name\":\(LogValue.text(name).json)", "\"kind\":\(kind.rawValue)", "\"startTimeUnixNano\":\"\(start)\"",
            "\"endTimeUnixNano\":\"\(max(end, start))\"",
            "\"attributes\":[\(attributes.map(Self.attribute).joined(separator: ","))]",
        ]
        if let parent { fields.append("\"parentSpanId\":\"\(TraceContext.hex(parent))\"") }
        if let link {
            fields.append(
                "\"links\":[{\"traceId\":\"\(TraceContext.hex(link.traceID))\",\"spanId\":\"\(TraceContext.hex(link.spanID))\"}]"
            )
        }
        if let failure { fields.append("\"status\":{\"code\":2,\"message\":\(LogValue.text(failure).json)}") }
        return "{\"resourceSpans\":[{\"resource\":\(resource),\"scopeSpans\":[{\"scope\":{\"name\":\"poste\"},"
            + "\"spans\":[{\(fields.joined(separator: ","))}]}]}]}"
    }

    static func attribute(_ name: String, _ value: LogValue) -> String {
        let word =
            switch value {
            case .text: "\"stringValue\":\(value.json)"
            // OTLP writes 64-bit numbers as text.
            case .number(let number): "\"intValue\":\"\(number)\""
            case .flag(let flag): "\"boolValue\":\(flag)"
            }
        return "{\"key\":\(LogValue.text(name).json),\"value\":{\(word)}}"
    }
}
