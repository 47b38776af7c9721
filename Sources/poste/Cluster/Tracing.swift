import Foundation
import Observability

extension Option {
    static let traceFile = Option(
        "trace-file", .value("FILE"),
        "a file to add spans to, a line of OpenTelemetry's OTLP JSON each; '-' for standard error; none without it")
    static let traceRatio = Option(
        "trace-ratio", .value("SHARE"), "the share of deposits that are traced, 0 to 1; the same ones by every process",
        default: "1")
}

extension Arguments {
    /// What `--trace-file` and `--trace-ratio` ask for.
    func tracer(_ component: String) throws -> Tracer {
        guard let path = value("trace-file") else { return .off }
        let text = value("trace-ratio") ?? "1"
        guard let ratio = Double(text), 0...1 ~= ratio else { throw usage("--trace-ratio is from 0 to 1, not \(text)") }
        do {
            return Tracer(
                service: "poste-\(component)", instance: "\(ProcessInfo.processInfo.hostName)/\(getpid())",
                ratio: ratio,
                write: path == "-" ? Log.standardError : try Tracer.file(path))
        } catch {
            throw CommandFailure(.machine, "cannot write the trace file \(path): \(error.localizedDescription)")
        }
    }
}
