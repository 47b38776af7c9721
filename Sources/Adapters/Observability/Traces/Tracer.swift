import Glibc

/// Tells sinks what a process did in traces.
public final class Tracer: Sendable {
    /// Where a span goes when it is over. Who ends the span calls it, so it neither fails nor waits for anybody far away.
    public typealias Sink = @Sendable (EndedSpan) -> Void

    private let sinks: [Sink]
    /// Traces whose last 7 octets are below this are told of: all processes decide alike, without a word.
    private let threshold: UInt64

    /// Tells nobody.
    public static let off = Tracer(sinks: [])

    /// A tracer that tells each of the sinks.
    ///
    /// - Parameter ratio: the share of traces that are told of, 0 to 1; by their ids, so that every process tells of the same ones.
    public init(ratio: Double = 1, sinks: [Sink]) {
        threshold = UInt64(min(max(ratio, 0), 1) * Double(1 << 56))
        self.sinks = sinks
    }

    /// Whether anything is told at all.
    public var isOn: Bool { !sinks.isEmpty }

    /// Begins a span in a trace; none where the trace is not told of.
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
        guard isOn else { return nil }
        return begin(name, kind, in: parent?.traceID ?? Self.randomOctets(16), parent: parent?.spanID)
    }

    /// Ends a span, and tells of it.
    ///
    /// - Parameter failure: why it failed, in general words.
    public func end(_ span: Span?, failure: String? = nil) {
        guard let span else { return }
        let ended = EndedSpan(span: span, end: max(Self.now, span.start), failure: failure)
        for sink in sinks { sink(ended) }
    }

    /// Eight octets a draw, each of which asks the system; never zeros alone.
    private static func randomOctets(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var octets: [UInt8] = []
        while octets.count < count {
            let word = generator.next() | 1
            octets += stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        return octets
    }

    /// ns since 1970.
    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
