import Foundation
import Synchronization

/// One line an event, on standard error: for people, or JSON for programs.
///
/// Fields name things (a deposit id, a partition, a count); a secret is no `LogValue`, so none can be logged.
public struct Log: Sendable {
    /// How much weight an event has.
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        /// What happens inside; for those who look for a fault.
        case debug
        /// What an operator wants to have seen.
        case info
        /// Something is not as it should be, and the work goes on.
        case warning
        /// Something was lost or refused that should not have been.
        case error

        /// The level of a name; nil for an unknown one.
        public init?(name: String) {
            guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = level
        }

        /// `debug`, `info`, `warning`, `error`.
        public var name: String { String(describing: self) }

        /// Lighter before heavier.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// How lines look.
    public enum Format: String, Sendable {
        /// `09:30:02.250 front    deposit stored id=… octets=1000`
        case text
        /// One JSON object.
        case json
    }

    private let component: String
    private let level: Level
    private let format: Format
    private let write: @Sendable (String) -> Void
    private var counts: [Counter] = []

    /// A log of one component (`kms`, `front`, …).
    ///
    /// - Parameter write: takes each line without its end; standard error by default.
    public init(
        component: String, level: Level = .info, format: Format = .text,
        write: @escaping @Sendable (String) -> Void = Log.standardError
    ) {
        self.component = component
        self.level = level
        self.format = format
        self.write = write
    }

    /// The same log under another component's name.
    public func component(_ name: String) -> Log {
        var log = Log(component: name, level: level, format: format, write: write)
        log.counts = counts
        return log
    }

    /// The same log, which counts its events by level, those too that are not written.
    public func counted(in registry: MetricRegistry) -> Log {
        let family = registry.counters("poste_log_events_total", "Events that were logged, by level.", labels: "level")
        var log = self
        log.counts = ["debug", "info", "warning", "error"].map { family[$0] }
        return log
    }

    /// Logs an event of level `debug`.
    public func debug(_ event: String, _ fields: KeyValuePairs<String, LogValue> = [:]) { log(.debug, event, fields) }
    /// Logs an event of level `info`.
    public func info(_ event: String, _ fields: KeyValuePairs<String, LogValue> = [:]) { log(.info, event, fields) }
    /// Logs an event of level `warning`.
    public func warning(_ event: String, _ fields: KeyValuePairs<String, LogValue> = [:]) {
        log(.warning, event, fields)
    }
    /// Logs an event of level `error`.
    public func error(_ event: String, _ fields: KeyValuePairs<String, LogValue> = [:]) { log(.error, event, fields) }

    /// Writes a line to standard error, whole.
    public static let standardError: @Sendable (String) -> Void = { line in
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    private func log(_ level: Level, _ event: String, _ fields: KeyValuePairs<String, LogValue>) {
        if counts.indices.contains(level.rawValue) { counts[level.rawValue].add() }
        guard level >= self.level else { return }
        let time = Date.now.formatted(
            .iso8601.year().month().day().timeZone(separator: .omitted).time(includingFractionalSeconds: true))
        switch format {
        case .json:
            let pairs =
                [
                    ("time", LogValue.text(time)), ("level", .text(level.name)), ("component", .text(component)),
                    ("event", .text(event)),
                ] + fields.map { ($0.key, $0.value) }
            write("{" + pairs.map { LogValue.text($0).json + ":" + $1.json }.joined(separator: ",") + "}")
        case .text:
            let name = component.padding(toLength: max(8, component.count), withPad: " ", startingAt: 0)
            let mark = level >= .warning ? "\(level.name): " : ""
            let rest = fields.map { " \($0.key)=\($0.value.plain)" }.joined()
            write("\(time.dropFirst(11).dropLast()) \(name) \(mark)\(event)\(rest)")
        }
    }
}
