import Foundation

extension LoadReport {
    /// One page that stands alone: figures, plots and what went wrong, light or dark as its reader likes.
    public var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Poste Restante under load: \(escaped(plan.scenario.rawValue))</title>
        <style>\(styleSheet)</style></head><body>
        <header><h1>Poste Restante under load</h1>
        <p>\(escaped(sentence))</p></header>
        <section class="cards">\(cards)</section>
        \(throughputPlot.html)
        \(percentilePlot.html)
        \(latencyPlot.html)
        \(errorPlot.html)
        <h2>Latency by stage, in milliseconds</h2>
        \(stageTable)
        \(accounts)
        \(memory)
        \(counts("What failed", outcome.measurements.failures))
        \(counts("What was tried again", outcome.measurements.retries))
        \(list("What was wrong", outcome.faults))
        <footer>poste \(escaped(setting.version)). Latencies run from the planned start of each operation, so that a cluster that
        stalls is charged for all that should have happened meanwhile.</footer>
        </body></html>

        """
    }

    private var sentence: String {
        let rate = String(format: "%g", plan.rate)
        let level = setting.level.map { ", level \($0)" } ?? ""
        let what =
            backlog.map { "A backlog of \($0.deposits) deposits for \(plan.users) recipients who are away" }
            ?? "Scenario \(plan.scenario.rawValue): \(rate) deposits a second for \(Int(plan.duration.seconds)) s among "
            + "\(plan.users) users"
        return
            "\(what), sizes \(plan.mix), seed \(plan.seed). \(setting.cluster)\(level), load from \(setting.cores) cores. "
            + "Begun \(setting.startedAt)."
    }

    private var cards: String {
        let balance = outcome.balance
        let wrong = balance.repeated + balance.misattributed + balance.misordered + balance.unexpected
        let cards: [(String, String, String)] = [
            (isSound ? "sound" : "NOT SOUND", "verdict", isSound ? "good" : "bad"),
            (String(format: "%.1f/s", offeredPerSecond), "offered", ""),
            (String(format: "%.1f/s", achievedPerSecond), "achieved", ""),
            ("\(balance.deposits)", "deposits", ""), ("\(balance.delivered)", "delivered", ""),
            ("\(balance.lost)", "lost", balance.lost == 0 ? "good" : "bad"),
            ("\(balance.corrupt)", "corrupt", balance.corrupt == 0 ? "good" : "bad"),
            ("\(wrong)", "repeated, misattributed, out of order", wrong == 0 ? "good" : "bad"),
            ("\(outcome.measurements.total(\.failed))", "failed", ""),
        ]
        return cards.map { "<div class=\"card \($0.2)\"><b>\(escaped($0.0))</b><span>\(escaped($0.1))</span></div>" }
            .joined()
    }

    private var timeTicks: [LinePlot.Tick] {
        let length = Double(max(1, outcome.measurements.seconds.count))
        let step = max(1, LinePlot.step(for: length, marks: 10))
        return stride(from: 0, through: length, by: step).map { LinePlot.Tick(at: $0, text: "\(Int($0))") }
    }

    private func overTime(
        _ name: String, _ style: String, _ value: (Recorder.Second) -> Double?
    ) -> LinePlot.Line {
        LinePlot.Line(
            name: name, style: style,
            points: outcome.measurements.seconds.enumerated().compactMap { index, second in
                value(second).map { (Double(index), $0) }
            })
    }

    /// Without the end, where all that still waits is taken at once: it would dwarf the load.
    private var throughputPlot: LinePlot {
        var lines = [
            overTime("offered", "c6") { Double($0.offered) }, overTime("receipts", "c1") { Double($0.achieved) },
            overTime("delivered", "c2") { Double($0.delivered) },
        ]
        if backlog == nil {
            let end = plan.duration.seconds
            for index in lines.indices { lines[index].points.removeAll { $0.x >= end } }
        }
        return LinePlot("Throughput", x: "seconds", y: "per second", lines: lines, xTicks: timeTicks)
    }

    private var latencyPlot: LinePlot {
        LinePlot(
            "Deposits over time", x: "seconds", y: "ms",
            lines: [
                overTime("median", "c1") { $0.deposits.quantile(0.5)?.milliseconds },
                overTime("99 %", "c4") { $0.deposits.quantile(0.99)?.milliseconds },
            ], xTicks: timeTicks, isLogarithmic: true)
    }

    private var errorPlot: LinePlot {
        LinePlot(
            "Errors", x: "seconds", y: "per second",
            lines: [
                overTime("failed", "c4") { Double($0.failed) }, overTime("tried again", "c3") { Double($0.retried) },
            ], xTicks: timeTicks)
    }

    /// Each nine has the same width.
    private var percentilePlot: LinePlot {
        let most = outcome.measurements.stages.values.map(\.count).max() ?? 0
        let nines = max(3, min(6, log10(Double(max(most, 1))).rounded(.up)))
        let names = ["0", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"]
        let ticks = (0...Int(nines)).map { LinePlot.Tick(at: Double($0), text: names[$0]) }
        let lines = Stage.allCases.enumerated().compactMap { index, stage -> LinePlot.Line? in
            guard let histogram = outcome.measurements.stages[stage] else { return nil }
            // What lies beyond the number of values says nothing.
            let end = min(nines, log10(Double(histogram.count)) + 0.01)
            let points = stride(from: 0, through: max(end, 0.05), by: 0.05).compactMap { place in
                histogram.quantile(1 - pow(10, -place)).map { (x: place, y: $0.milliseconds) }
            }
            return LinePlot.Line(name: stage.title, style: "c\(index + 1)", points: points)
        }
        return LinePlot(
            "Latency by percentile", x: "share of operations", y: "ms", lines: lines,
            xTicks: ticks + [LinePlot.Tick(at: log10(2), text: "50 %")], isLogarithmic: true)
    }

    private var stageTable: String {
        func cell(_ value: Double?) -> String { "<td>\(value.map { String(format: "%.1f", $0) } ?? "–")</td>" }
        let rows = Stage.allCases.map { stage in
            let figures = Figures(outcome.measurements.stages[stage])
            return "<tr><th>\(escaped(stage.title))</th><td>\(figures.count)</td>"
                + [figures.mean, figures.p50, figures.p90, figures.p99, figures.p999, figures.max].map(cell).joined()
                + "</tr>"
        }
        return
            "<table><tr class=\"head\"><th>stage</th><th>count</th><th>mean</th><th>50 %</th><th>90 %</th><th>99 %</th><th>99.9 %</th>"
            + "<th>longest</th></tr>\(rows.joined())</table>"
    }

    private var accounts: String {
        let balance = outcome.balance
        let rows: [(String, UInt64, String)] = [
            ("deposits with a receipt", balance.deposits, ""), ("heard by their recipients", balance.delivered, ""),
            ("lost", balance.lost, "a receipt, and never heard"), ("heard twice", balance.repeated, ""),
            ("corrupt", balance.corrupt, "other octets than were sent"),
            ("misattributed", balance.misattributed, "to or from somebody else, or without proof of the sender"),
            ("out of order", balance.misordered, "after one that was begun later"),
            ("unexpected", balance.unexpected, "heard, though never sent or refused"),
            ("unknown", balance.unknown, "no answer came, and nobody heard it"),
            ("foreign", balance.foreign, "mail that waited before the run"),
        ]
        let text = rows.map { "<tr><th>\($0.0)</th><td>\($0.1)</td><td class=\"note\">\($0.2)</td></tr>" }.joined()
        return "<h2>What became of them</h2><table>\(text)</table><p>All had come "
            + String(format: "%.1f s", outcome.settling.seconds) + " after the end of the load.</p>"
    }

    private var memory: String {
        guard !processes.isEmpty else { return "" }
        func megabytes(_ octets: UInt64?) -> String { octets.map { String(format: "%.1f", Double($0) / 1e6) } ?? "–" }
        let rows = processes.map {
            "<tr><th>\(escaped($0.name))</th><td>\(megabytes($0.peakResidentBytes))</td>"
                + "<td>\(megabytes($0.pendingResidentBytes))</td></tr>"
        }
        return
            "<h2>Memory, in MB resident</h2><table><tr class=\"head\"><th>process</th><th>at most</th><th>with the backlog</th></tr>"
            + rows.joined() + "</table>"
    }

    private func counts(_ title: String, _ counts: [String: UInt64]) -> String {
        guard !counts.isEmpty else { return "" }
        let rows = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "<tr><td>\($0.value)</td><td class=\"note\">\(escaped($0.key))</td></tr>" }
        return "<h2>\(title)</h2><table>\(rows.joined())</table>"
    }

    private func list(_ title: String, _ texts: [String]) -> String {
        guard !texts.isEmpty else { return "" }
        return "<h2>\(title)</h2><ul>" + texts.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
    }

    private var styleSheet: String {
        """
        :root{color-scheme:light dark;--paper:#fbfaf7;--ink:#22252a;--faint:#6b7078;--rule:#dcd9d0;--card:#fff;--good:#1a7f4b;\
        --bad:#c02a2a;--c1:#2b5fb8;--c2:#1a8a5a;--c3:#c47f00;--c4:#c0392b;--c5:#7a4fb5;--c6:#9aa0a6}
        @media(prefers-color-scheme:dark){:root{--paper:#16181c;--ink:#e6e4df;--faint:#9aa0a8;--rule:#33373e;--card:#1e2126;\
        --good:#4ec98a;--bad:#ff7b72;--c1:#7fb0ff;--c2:#56d39b;--c3:#f0b64a;--c4:#ff8a80;--c5:#c3a1ff;--c6:#7d838b}}
        body{margin:0 auto;max-width:60rem;padding:2rem 1rem;background:var(--paper);color:var(--ink);\
        font:16px/1.5 system-ui,sans-serif}
        h1{font-size:1.7rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .4rem}header p,footer,.note{color:var(--faint)}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem}
        .card{background:var(--card);border:1px solid var(--rule);border-radius:.5rem;padding:.6rem .8rem}
        .card b{display:block;font-size:1.3rem;font-variant-numeric:tabular-nums}.card span{color:var(--faint);font-size:.85rem}
        .good b{color:var(--good)}.bad b{color:var(--bad)}
        figure{margin:0}figure h2{margin-bottom:0}.legend{margin:0}svg{width:100%;height:auto}
        svg text{fill:var(--faint);font-size:12px}.middle{text-anchor:middle}.right{text-anchor:end}
        .grid{stroke:var(--rule);stroke-width:1}.line{fill:none;stroke-width:2;stroke-linejoin:round}
        .key{margin-right:1rem;font-size:.9rem}.key::before{content:"";display:inline-block;width:1.1rem;height:.2rem;\
        margin-right:.4rem;vertical-align:middle;background:currentColor}
        .c1{color:var(--c1);stroke:var(--c1)}.c2{color:var(--c2);stroke:var(--c2)}.c3{color:var(--c3);stroke:var(--c3)}
        .c4{color:var(--c4);stroke:var(--c4)}.c5{color:var(--c5);stroke:var(--c5)}.c6{color:var(--c6);stroke:var(--c6)}
        .dot{fill:currentColor}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:right}
        th:first-child,td.note{text-align:left}.head th{color:var(--faint);font-weight:500}
        footer{margin-top:2rem;font-size:.85rem}
        """
    }
}
