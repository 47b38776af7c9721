import Foundation
import MailboxAPI
import Observability
import RPC
import Synchronization
import Testing
import TraceExport

/// A collector that answers as it is told, and keeps what it hears.
final class Collector: Sendable {
    private let server: RPCServer
    private let heard: Heard

    private final class Heard: Sendable {
        let requests = Mutex<[OTLP.ExportRequest]>([])
    }

    /// - Parameter answer: is told which call it is, from 0.
    init(
        port: Int = 0, security: RPCServerConfiguration.Security = .plaintext,
        answer: @escaping @Sendable (Int) async throws -> OTLP.ExportResponse = { _ in OTLP.ExportResponse() }
    ) throws {
        let heard = Heard()
        self.heard = heard
        let method = OTLP.export.answered { request, _ in
            let number = heard.requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            return try await answer(number)
        }
        server = try RPCServer(
            RPCServerConfiguration(host: "127.0.0.1", port: port, security: security),
            services: [RPCService(name: OTLP.export.service, methods: [method])])
    }

    var port: Int { server.port }
    var requests: [OTLP.ExportRequest] { heard.requests.withLock { $0 } }
    var spans: [OTLP.Span] { requests.flatMap(\.resourceSpans).flatMap(\.scopeSpans).flatMap(\.spans) }

    func stop() async { await server.shutdown(grace: .zero) }
}

/// An exporter with a tracer, what it counts, and what it logs.
struct Scene: Sendable {
    let exporter: TraceExporter
    let tracer: Tracer
    let metrics = MetricRegistry()
    private let lines = Lines()

    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    init(
        port: Int, security: RPCChannelConfiguration.Security = .plaintext,
        _ change: (inout TraceExporter.Limits) -> Void = { _ in }
    ) throws {
        var limits = TraceExporter.Limits()
        (limits.interval, limits.pause, limits.longestPause) = (.milliseconds(10), .milliseconds(20), .milliseconds(50))
        change(&limits)
        let lines = lines
        exporter = try TraceExporter(
            to: RPCChannelConfiguration(host: "127.0.0.1", port: port, security: security),
            resource: TraceResource(service: "poste-front", instance: "here/1", version: "0.1"), metrics: metrics,
            limits: limits, log: Log(component: "front") { line in lines.all.withLock { $0.append(line) } })
        tracer = Tracer(sinks: [exporter.sink])
    }

    var log: [String] { lines.all.withLock { $0 } }

    /// Begins and ends spans.
    func spans(_ count: Int) {
        for number in 0..<count { tracer.end(tracer.begin("span \(number)", .internal, within: nil)) }
    }

    func count(_ outcome: String) -> Int {
        guard case .number(let number) = metrics.reading("poste_trace_spans_total", ["outcome": outcome]) else {
            return -1
        }
        return Int(number)
    }

    var waiting: Int {
        guard case .number(let number) = metrics.reading("poste_trace_spans_waiting") else { return -1 }
        return Int(number)
    }
}

/// Asks again and again, until the answer is yes.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<2000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("never happened: \(what)")
}
