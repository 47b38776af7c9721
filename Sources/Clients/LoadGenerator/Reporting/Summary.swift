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
        var lines = [
            String(
                format:
                    "%.1f deposits/s offered, %.1f/s achieved; %llu with a receipt, %llu delivered, all of it %.1f s after the end",
                offeredPerSecond, achievedPerSecond, balance.deposits, balance.delivered, outcome.settling.seconds),
            "lost \(balance.lost)  corrupt \(balance.corrupt)  repeated \(balance.repeated)  misattributed "
                + "\(balance.misattributed)  out of order \(balance.misordered)  unexpected \(balance.unexpected)  unknown "
                + "\(balance.unknown)  failed \(outcome.measurements.total(\.failed))  tried again "
                + "\(outcome.measurements.total(\.retried))",
            Self.row("ms", ["count", "50 %", "99 %", "99.9 %", "longest"]),
        ]
        lines += Stage.allCases.map { stage in
            let figures = Figures(outcome.measurements.stages[stage])
            let values = [figures.p50, figures.p99, figures.p999, figures.max]
            return Self.row(
                stage.title, ["\(figures.count)"] + values.map { $0.map { String(format: "%.1f", $0) } ?? "–" })
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

    private static func row(_ title: String, _ columns: [String]) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return title + padded("", 24 - title.count) + columns.map { padded($0, 10) }.joined()
    }
}
