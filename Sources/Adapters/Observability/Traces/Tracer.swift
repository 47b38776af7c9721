import Foundation
import Synchronization

/// Writes what a process did in traces, a line of OTLP's JSON each span.
public final class Tracer: Sendable {
    private let resource: String
    /// Traces whose last 7 octets are below this are written: all processes decide alike, without a word.
    private let threshold: UInt64
    private let write: (@Sendable (String) -> Void)?

    /// Writes nothing.
    public static let off = Tracer()

    private init() {
        resource = ""
        threshold = 0
        write = nil
    }

    /// A tracer of a service.
    ///
    /// - Parameters:
    ///   - service: `poste-front` and so on.
    ///   - instance: tells the process from others.
    ///   - ratio: the share of traces that are written, 0 to 1; by their ids, so that every process writes the same ones.
    ///   - write: takes each line without its end.
    public init(service: String, instance: String, ratio: Double = 1, write: @escaping @Sendable (String) -> Void) {
        let attributes = [
            Span.attribute("service.name", .text(service)), Span.attribute("service.instance.id", .text(instance)),
        ]
        resource = "{\"attributes\":[\(attributes.joined(separator: ","))]}"
        threshold = UInt64(min(max(ratio, 0), 1) * Double(1 << 56))
        self.write = write
    }

    /// Whether anything is written at all.
    public var isOn: Bool { write != nil }

    /// Begins a span in a trace; none where the trace is not written.
    ///
    /// - Parameters:
    ///   - id: of the span, 8 octets; random by default.
    ///   - parent: the span that it belongs to, 8 octets.
    ///   - age: how long ago it began.
    public func begin(
        _ name: String, _ kind: Span.Kind, in traceID: [UInt8], id: [UInt8]? = nil, parent: [UInt8]? = nil,
        age: Duration = .zero
    ) -> Span? {
        guard isOn, traceID.count == 16, traceID.suffix(7).reduce(UInt64(0), { $0 << 8 | UInt64($1) }) < threshold,
            let context = TraceContext(traceID: traceID, spanID: id ?? Self.randomOctets(8))
        else { return nil }
        let ago: Double = age / .nanoseconds(1)
        let start = Self.now - UInt64(max(0, ago))
        return Span(name: name, context: context, kind: kind, parent: parent, start: start)
    }

    /// Begins a span within another, maybe another process's; one of a new trace where there is none.
    public func begin(_ name: String, _ kind: Span.Kind, within parent: TraceContext?) -> Span? {
        begin(name, kind, in: parent?.traceID ?? Self.randomOctets(16), parent: parent?.spanID)
    }

    /// Ends a span, and writes it.
    ///
    /// - Parameter failure: why it failed, in general words.
    public func end(_ span: Span?, failure: String? = nil) {
        guard let span, let write else { return }
        write(span.line(resource: resource, end: Self.now, failure: failure))
    }

    /// A writer of lines to the end of a file, which it makes. Lines that cannot be written are lost. Throws where the file cannot be opened.
    public static func file(_ path: String) throws -> @Sendable (String) -> Void {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let file = TurnedFile(descriptor)
        return { line in file.append(line) }
    }

    private static func randomOctets(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 1 ... .max, using: &generator) }
    }

    /// ns since 1970.
    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
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
