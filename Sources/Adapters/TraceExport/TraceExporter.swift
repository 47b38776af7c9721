import MailboxAPI
import Observability
import RPC

/// Sends spans to an OpenTelemetry collector by OTLP/gRPC, in batches, beside the work.
///
/// Who ends a span puts it into a queue, and never waits. What the queue has no room for is dropped and counted; so is what the collector
/// does not take within a minute. A span may come twice, where the answer to a batch was lost.
public actor TraceExporter {
    /// What it allows itself, and the collector.
    public struct Limits: Sendable {
        /// Spans that wait or are under way, of about 1 kB each; more are dropped.
        public var spans = 8192
        /// Spans in a call.
        public var batch = 512
        /// How often it looks for spans.
        public var interval = Duration.seconds(1)
        /// How long a call may take.
        public var call = Duration.seconds(10)
        /// After a call that failed it waits about so long, then longer each time.
        public var pause = Duration.milliseconds(500)
        /// It waits no longer than this.
        public var longestPause = Duration.seconds(10)
        /// How long a batch is tried.
        public var patience = Duration.seconds(60)
        /// How long what is left may take at the end.
        public var flush = Duration.seconds(3)

        /// Everything has a default.
        public init() {}
    }

    /// Puts spans into the queue.
    public nonisolated let sink: Tracer.Sink

    private nonisolated let queue: SpanQueue
    private let channel: RPCChannel
    private let resource: TraceResource
    private let limits: Limits
    private let metrics: ExportMetrics
    private let log: Log

    private struct Batch: Sendable {
        let octets: [UInt8]
        let count: Int
        let since: ContinuousClock.Instant
    }

    private enum Outcome {
        /// The batch is done with.
        case over
        /// Nothing can be sent now.
        case later
        /// The task is cancelled; the batch is kept.
        case stopped
    }

    /// Taken from the queue, for the batches to come.
    private var waiting: ArraySlice<EndedSpan> = []
    private var batch: Batch?
    private var trouble = ExportTrouble()
    /// As they were when all was well.
    private var missing: UInt64 = 0
    private var dropped: UInt64 = 0

    /// Connects when there is something to send. Throws where the credentials are of no use.
    public init(
        to collector: RPCChannelConfiguration, resource: TraceResource, metrics: MetricRegistry,
        limits: Limits = Limits(),
        log: Log
    ) throws(RPCCertificateError) {
        var collector = collector
        collector.longestBackoff = .seconds(5)
        channel = try RPCChannel(collector)
        let queue = SpanQueue(limit: limits.spans)
        let counts = ExportMetrics(metrics, waiting: queue)
        sink = { span in if !queue.append(span) { counts.dropped.add() } }
        self.queue = queue
        self.metrics = counts
        self.resource = resource
        self.limits = limits
        self.log = log
    }

    /// Exports for as long as `body` runs, and then what is left of its spans, for at most `flush`. Throws what `body` throws.
    public nonisolated func during<Value: Sendable>(
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let result: Result<Value, any Error> = await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.run() }
            defer { group.cancelAll() }
            do {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        // In a task of its own: this one may be cancelled, and its last spans tell why.
        await Task { await self.flush() }.value
        return try result.get()
    }

    private func run() async {
        while (try? await Task.sleep(for: limits.interval)) != nil { await exportAll() }
    }

    private func exportAll() async {
        var pause = limits.pause
        while let batch = nextBatch() {
            switch await export(batch, within: limits.call) {
            case .over: pause = limits.pause
            case .later:
                if .now - batch.since > limits.patience {
                    metrics.failed.add(UInt64(batch.count))
                    letGo()
                }
                guard (try? await Task.sleep(for: pause * Double.random(in: 0.5...1))) != nil else { return }
                pause = min(pause * 2, limits.longestPause)
            case .stopped: return
            }
        }
    }

    /// Each batch once: the process ends, and waits for nobody.
    private func flush() async {
        let end = ContinuousClock.now + limits.flush
        while let batch = nextBatch() {
            let rest = end - .now
            guard rest > .zero, case .over = await export(batch, within: rest) else { break }
        }
        let lost = queue.count
        guard lost > 0 else { return }
        metrics.failed.add(UInt64(lost))
        log.warning("traces lost at the end", ["collector": .text(channel.address), "spans": LogValue(lost)])
    }

    /// The batch that is under way, or else another.
    private func nextBatch() -> Batch? {
        if let batch { return batch }
        if waiting.isEmpty { waiting = queue.takeAll()[...] }
        guard !waiting.isEmpty else { return nil }
        let spans = waiting.prefix(limits.batch)
        waiting = waiting.dropFirst(limits.batch)
        let made = Batch(
            octets: OTLP.ExportRequest(spans, of: resource).encoded, count: spans.count, since: .now)
        batch = made
        return made
    }

    private func letGo() {
        queue.release(batch?.count ?? 0)
        batch = nil
    }

    private func export(_ batch: Batch, within limit: Duration) async -> Outcome {
        do throws(RPCStatus) {
            let answer = try await channel.unary(OTLP.export.path, batch.octets, deadline: limit)
            took(batch, (try? OTLP.ExportResponse(decoding: answer))?.partialSuccess)
            return .over
        } catch {
            if error.code == .cancelled, Task.isCancelled { return .stopped }
            troubled(error.description)
            guard !Self.transient.contains(error.code) else { return .later }
            metrics.refused.add(UInt64(batch.count))
            letGo()
            return .over
        }
    }

    /// After these the same batch may be taken, by OTLP's specification ("Failures"). RESOURCE_EXHAUSTED would be one of them only with a
    /// word of the collector that it will pass.
    private static let transient: Set<RPCCode> = [
        .cancelled, .deadlineExceeded, .aborted, .outOfRange, .unavailable, .dataLoss,
    ]

    private func took(_ batch: Batch, _ partial: OTLP.PartialSuccess?) {
        let refused = min(max(partial?.rejectedSpans ?? 0, 0), Int64(batch.count))
        metrics.sent.add(UInt64(Int64(batch.count) - refused))
        metrics.refused.add(UInt64(refused))
        letGo()
        let newlyDropped = metrics.dropped.value - dropped
        dropped += newlyDropped
        if refused > 0 {
            troubled("it refuses spans: \(partial?.errorMessage ?? "")")
        } else if newlyDropped > 0 {
            troubled("it is too slow for so many: trace fewer, or give it more room")
        } else {
            if let time = trouble.succeeded(at: .now) {
                log.info(
                    "traces reach the collector again",
                    [
                        "collector": .text(channel.address), "after_s": LogValue(time.components.seconds),
                        "spans_missing": LogValue(metrics.missing - missing),
                    ])
            }
            missing = metrics.missing
        }
    }

    private func troubled(_ reason: String) {
        guard trouble.failed(at: .now) else { return }
        log.warning(
            "traces do not reach the collector", ["collector": .text(channel.address), "reason": .text(reason)])
    }
}
