import Foundation

extension LoadReport {
    /// What went wrong, in words.
    public var verdict: String {
        let balance = outcome.balance
        let counts = [
            ("lost", balance.lost), ("repeated", balance.repeated), ("corrupt", balance.corrupt),
            ("misattributed", balance.misattributed), ("out of order", balance.misordered),
            ("unexpected", balance.unexpected),
        ]
        let wrong = counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
        if wrong.isEmpty { return balance.deposits > 0 ? "sound" : "nothing was deposited" }
        return (wrong + outcome.faults.prefix(5)).joined(separator: "; ")
    }

    /// A few lines for a person.
    public var summary: String {
        let balance = outcome.balance
        let end = balance.lost == 0 ? "the last came" : "given up"
        var lines = [
            isSound ? "sound" : "NOT SOUND: \(balance.deposits == 0 ? "nothing was deposited" : "see below")",
            String(
                format: "offered %.1f/s  achieved %.1f/s  \(end) %.1f s after the end of the load",
                offeredPerSecond, achievedPerSecond, outcome.settling.seconds),
            "deposits \(balance.deposits)  delivered \(balance.delivered)  lost \(balance.lost)  corrupt \(balance.corrupt)  "
                + "repeated \(balance.repeated)",
            "misattributed \(balance.misattributed)  out of order \(balance.misordered)  unexpected "
                + "\(balance.unexpected)  unknown \(balance.unknown)  foreign \(balance.foreign)",
        ]
        lines += Self.reasons("failed", outcome.measurements.total(\.failed), outcome.measurements.failures)
        lines += Self.reasons("tried again", outcome.measurements.total(\.retried), outcome.measurements.retries)
        lines.append(Self.row("ms", ["count", "50 %", "99 %", "99.9 %", "longest"]))
        lines += shownStages.map { stage in
            let figures = Figures(outcome.measurements.stages[stage])
            let values = [figures.p50, figures.p99, figures.p999, figures.max]
            return Self.row(
                title(of: stage), ["\(figures.count)"] + values.map { $0.map { String(format: "%.1f", $0) } ?? "–" })
        }
        if let stopped = outcome.stoppedAfter {
            lines.insert(
                String(format: "stopped after %.1f s of %.0f s", stopped.seconds, plan.duration.seconds), at: 0)
        }
        if let backlog {
            lines.append(
                String(
                    format: "%d deposits were left in %.1f s and delivered in %.1f s", backlog.deposits,
                    backlog.fillSeconds, backlog.drainSeconds))
        }
        lines += processes.map { process in
            let pending = process.pendingResidentBytes.map {
                String(format: ", %.1f MB with the backlog", Double($0) / 1e6)
            }
            return "\(process.name): at most "
                + String(format: "%.1f MB resident", Double(process.peakResidentBytes) / 1e6)
                + (pending ?? "")
        }
        return lines.joined(separator: "\n")
    }

    /// All stages, without those that the scenario has not.
    var shownStages: [Stage] { Stage.allCases.filter { $0 != .deliveryInFocus || plan.focus != nil } }

    /// A stage as people read it in this scenario.
    func title(of stage: Stage) -> String {
        switch (stage, plan.focus) {
        case (.delivery, _?): "delivery to the others"
        case (.deliveryInFocus, let focus?): "to \(focus)"
        default: stage.title
        }
    }

    /// A count, and what made it up, the most frequent first.
    private static func reasons(_ title: String, _ total: UInt64, _ reasons: [String: UInt64]) -> [String] {
        let sorted = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return ["\(title) \(total)"] + sorted.prefix(5).map { "    \($0.value) times: \($0.key)" }
    }

    private static func row(_ title: String, _ columns: [String]) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return title + padded("", 26 - title.count) + columns.map { padded($0, 10) }.joined()
    }
}
