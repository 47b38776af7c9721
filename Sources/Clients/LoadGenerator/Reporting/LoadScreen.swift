import Foundation

/// How a run stands, as text: a few lines for a terminal, or one for a log.
public struct LoadScreen: Sendable {
    private let plan: LoadPlan
    private let backlog: Int?
    private let snapshot: LoadRun.Snapshot

    /// A screen of a run of this plan, which leaves a backlog where that is given.
    public init(_ plan: LoadPlan, backlog: Int?, _ snapshot: LoadRun.Snapshot) {
        self.plan = plan
        self.backlog = backlog
        self.snapshot = snapshot
    }

    /// Lines for a terminal of so many columns and rows. None is longer, and so none is broken by the terminal.
    public func lines(columns: Int, rows: Int) -> [String] {
        let width = max(1, columns - 1)
        // Side by side, or where that has no room and height has, one above the other.
        let isNarrow = width < 35 + 41 && rows > counts.count + stages.count + 1
        let tables = isNarrow ? counts + stages : zip(counts, stages).map { Self.padded($0, 35) + $1 }
        let all = [heading(width)] + tables
        return all.prefix(max(1, rows - 1)).map { String($0.prefix(width)) }
    }

    /// The same as one line.
    public var line: String {
        let rates = ["offered", "receipts", "delivered"].map { "\($0) \(rate(of: $0))" }.joined(separator: ", ")
        return "\(phase): \(rates), waiting \(snapshot.waiting), online \(snapshot.online), failed "
            + "\(total(\.failed)), tried again \(total(\.retried)); deposit \(text(.deposit, 0.5))/\(text(.deposit, 0.99)) ms "
            + "(median/99 %)"
    }

    private func total(_ count: KeyPath<Recorder.Second, UInt64>) -> UInt64 { snapshot.measurements.total(count) }

    /// What the run is at, and a bar of how far it is.
    private func heading(_ width: Int) -> String {
        let text = "\(plan.scenario.rawValue): \(phase) "
        let room = width - text.count - 2
        guard let share, room >= 10 else { return text }
        let bar = min(room, 40)
        let filled = Int((share * Double(bar)).rounded())
        return text + "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: bar - filled) + "]"
    }

    private var share: Double? {
        switch snapshot.phase {
        case .gathering: 0
        case .filling: backlog.map { min(1, Double(total(\.achieved)) / Double(max(1, $0))) }
        case .planned: min(1, max(0, snapshot.elapsed / plan.duration))
        case .finishing, .settling, .leaving, .over: nil
        }
    }

    private var phase: String {
        let since = "\(max(0, Int((snapshot.elapsed - snapshot.length).seconds))) s after the end"
        let end = snapshot.isStopped ? "stopped, " : ""
        switch snapshot.phase {
        case .gathering: return "recipients come online"
        case .filling: return "\(total(\.achieved)) of \(backlog ?? 0) deposited"
        case .planned: return "\(Int(snapshot.elapsed.seconds)) of \(Int(plan.duration.seconds)) s"
        case .finishing: return "\(end)\(snapshot.unfinished) deposits unfinished, \(since)"
        case .settling:
            return backlog == nil ? "\(end)recipients take what waits, \(since)" : "recipients take what waits"
        case .leaving: return "\(end)recipients leave"
        case .over: return "\(end)over"
        }
    }

    /// What is counted: now, and in all.
    private var counts: [String] {
        func row(_ name: String, _ now: String, _ all: String) -> String {
            Self.padded(name, 12) + Self.right(now, 9) + Self.right(all, 10)
        }
        return [
            row("", "now", "in all"),
            row("offered", rate(of: "offered"), "\(total(\.offered))"),
            row("receipts", rate(of: "receipts"), "\(total(\.achieved))"),
            row("delivered", rate(of: "delivered"), "\(total(\.delivered))"),
            row("waiting", "\(snapshot.waiting)", ""), row("online", "\(snapshot.online)", ""),
            row("failed", "", "\(total(\.failed))"), row("tried again", "", "\(total(\.retried))"),
        ]
    }

    private var stages: [String] {
        let shown = Stage.allCases.filter { $0 != .deliveryInFocus || plan.focus != nil }
        let rows = shown.map { stage in
            Self.padded(stage.title, 23) + Self.right(text(stage, 0.5), 9) + Self.right(text(stage, 0.99), 9)
        }
        let all = [Self.padded("ms", 23) + Self.right("median", 9) + Self.right("99 %", 9)] + rows
        return all + [String](repeating: "", count: counts.count - all.count)
    }

    /// In the last five whole seconds.
    private func rate(of name: String) -> String {
        let count: KeyPath<Recorder.Second, UInt64> =
            switch name {
            case "offered": \.offered
            case "receipts": \.achieved
            default: \.delivered
            }
        let end = max(0, Int(snapshot.elapsed.seconds))
        let first = max(0, end - 5)
        let seconds = snapshot.measurements.seconds.dropFirst(first).prefix(end - first)
        guard end > first else { return "0.0/s" }
        return String(format: "%.1f/s", Double(seconds.reduce(0) { $0 + $1[keyPath: count] }) / Double(end - first))
    }

    private func text(_ stage: Stage, _ share: Double) -> String {
        snapshot.measurements.stages[stage]?.quantile(share).map { String(format: "%.0f", $0.milliseconds) } ?? "–"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
