import Foundation
import Observability
import RPC
import TraceExport

extension Option {
    static let traceFile = Option(
        "trace-file", .value("FILE"),
        "a file to add spans to, a line of OpenTelemetry's OTLP JSON each; '-' for standard error; none without it")
    static let traceRatio = Option(
        "trace-ratio", .value("SHARE"), "the share of deposits that are traced, 0 to 1; the same ones by every process",
        default: "1")
    static let otlp = Option(
        "otlp", .value("HOST:PORT"),
        "an OpenTelemetry collector to send spans to by OTLP/gRPC, such as localhost:4317; none without it")
    static let otlpRoots = Option(
        "otlp-roots", .value("FILE"),
        "certificates in PEM by which the collector is trusted: over TLS; without it, plaintext")

    static let tracing: [Option] = [.traceFile, .traceRatio, .otlp, .otlpRoots]
}

/// Where the spans of a process go: to a file, to a collector, to both, or nowhere.
struct Tracing: Sendable {
    let tracer: Tracer
    private let exporter: TraceExporter?

    init(tracer: Tracer, exporter: TraceExporter?) {
        self.tracer = tracer
        self.exporter = exporter
    }

    /// Sends spans to the collector while `body` runs, and what is left of them when it has ended, for some seconds at most.
    func during<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        guard let exporter else { return try await body() }
        return try await exporter.during(body)
    }
}

extension Arguments {
    /// What `--trace-file`, `--trace-ratio`, `--otlp` and `--otlp-roots` ask for.
    func tracing(_ component: String, metrics: MetricRegistry, log: Log) throws -> Tracing {
        let text = value("trace-ratio") ?? "1"
        guard let ratio = Double(text), 0...1 ~= ratio else { throw usage("--trace-ratio is from 0 to 1, not \(text)") }
        let resource = TraceResource(
            service: "poste-\(component)", instance: "\(ProcessInfo.processInfo.hostName)/\(getpid())",
            version: Poste.version)
        let exporter = try collector().map {
            try TraceExporter(to: $0, resource: resource, metrics: metrics, log: log)
        }
        var sinks: [Tracer.Sink] = []
        if let path = value("trace-file") {
            do {
                sinks.append(
                    SpanLines.sink(of: resource, write: path == "-" ? Log.standardError : try SpanLines.file(path)))
            } catch {
                throw CommandFailure(.machine, "cannot write the trace file \(path): \(error.localizedDescription)")
            }
        }
        if let exporter { sinks.append(exporter.sink) }
        return Tracing(tracer: sinks.isEmpty ? .off : Tracer(ratio: ratio, sinks: sinks), exporter: exporter)
    }

    /// `--otlp` and `--otlp-roots`.
    private func collector() throws -> RPCChannelConfiguration? {
        guard let text = value("otlp") else {
            guard value("otlp-roots") == nil else {
                throw usage("--otlp-roots wants --otlp too: where the collector is")
            }
            return nil
        }
        guard let address = RPCAddress(text), address.port > 0 else {
            throw usage("--otlp takes the HOST:PORT of a collector, such as localhost:4317, not \(text)")
        }
        let security: RPCChannelConfiguration.Security =
            if let roots = value("otlp-roots") { .tls(rootsPEM: try textFile(roots)) } else { .plaintext }
        return RPCChannelConfiguration(host: address.host, port: address.port, security: security)
    }
}
