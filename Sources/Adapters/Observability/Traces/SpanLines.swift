import Foundation
import Synchronization

/// Spans as lines of OTLP's JSON, one each, as the collector's file receiver reads them.
public enum SpanLines {
    /// A sink that makes lines.
    ///
    /// - Parameter write: takes each line without its end.
    public static func sink(of resource: TraceResource, write: @escaping @Sendable (String) -> Void) -> Tracer.Sink {
        let resource = "{\"attributes\":[\(attributes(resource.attributes))]}"
        return { span in write(line(span, resource: resource)) }
    }

    /// A writer of lines to the end of a file, which it makes. Lines that cannot be written are lost. Throws where the file cannot be opened.
    public static func file(_ path: String) throws -> @Sendable (String) -> Void {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let file = TurnedFile(descriptor)
        return { line in file.append(line) }
    }

    private static func line(_ ended: EndedSpan, resource: String) -> String {
        let span = ended.span
        var fields = [
            "\"traceId\":\"\(TraceContext.hex(span.context.traceID))\"",
            "\"spanId\":\"\(TraceContext.hex(span.context.spanID))\"",
            "\"name\":\(LogValue.text(span.name).json)", "\"kind\":\(span.kind.rawValue)",
            "\"startTimeUnixNano\":\"\(span.start)\"", "\"endTimeUnixNano\":\"\(ended.end)\"",
            "\"attributes\":[\(attributes(span.attributes))]",
        ]
        if let parent = span.parent { fields.append("\"parentSpanId\":\"\(TraceContext.hex(parent))\"") }
        if let link = span.link {
            fields.append(
                "\"links\":[{\"traceId\":\"\(TraceContext.hex(link.traceID))\",\"spanId\":\"\(TraceContext.hex(link.spanID))\"}]"
            )
        }
        if let failure = ended.failure {
            fields.append("\"status\":{\"code\":2,\"message\":\(LogValue.text(failure).json)}")
        }
        return
            "{\"resourceSpans\":[{\"resource\":\(resource),\"scopeSpans\":[{\"scope\":{\"name\":\"\(TraceResource.scope)\"},"
            + "\"spans\":[{\(fields.joined(separator: ","))}]}]}]}"
    }

    private static func attributes(_ attributes: [(String, LogValue)]) -> String {
        attributes.map { name, value in
            let word =
                switch value {
                case .text: "\"stringValue\":\(value.json)"
                // OTLP writes 64-bit numbers as text.
                case .number(let number): "\"intValue\":\"\(number)\""
                case .flag(let flag): "\"boolValue\":\(flag)"
                }
            return "{\"key\":\(LogValue.text(name).json),\"value\":{\(word)}}"
        }.joined(separator: ",")
    }
}

/// A file that is written to whole line by whole line, and closed with the last user.
private final class TurnedFile: Sendable {
    private let descriptor: Int32
    private let turn = Mutex(())

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    func append(_ line: String) {
        var rest = Array((line + "\n").utf8)[...]
        turn.withLock { _ in
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
