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
        \(list("What was wrong", outcome.faults))
        <p>\(escaped(story))</p>
        \(throughputPlot.html)
        \(waitingPlot.html)
        <h2>Latency by stage, in milliseconds</h2>
        \(stageTable)
        \(percentilePlot.html)
        \(latencyPlot.html)
        \(errors)
        \(accounts)
        \(memory)
        <footer>poste \(escaped(setting.version)). Latencies run from the planned start of each operation, so that a cluster that
        stalls is charged for all that should have happened meanwhile.</footer>
        </body></html>

        """
    }

    /// What happened to what waited.
    private var story: String {
        let seconds = outcome.measurements.seconds
        let most = seconds.enumerated().max {
            ($0.element.waiting ?? 0, $1.offset) < ($1.element.waiting ?? 0, $0.offset)
        }
        let peak = most.flatMap { index, second in
            second.waiting.flatMap {
                $0 > 0 ? "At most \($0) deposits waited for their recipients, at second \(index). " : nil
            }
        }
        let stopped = outcome.stoppedAfter.map {
            String(format: "The load was stopped after %.0f s of %.0f s. ", $0.seconds, plan.duration.seconds)
        }
        let end = outcome.balance.lost == 0 ? "The last one was delivered" : "What was left was given up"
        return (stopped ?? "") + (peak ?? "") + end
            + String(format: " %.1f s after the end of the load.", outcome.settling.seconds)
    }

    private var errors: String {
        let measured = outcome.measurements
        guard measured.total(\.failed) + measured.total(\.retried) > 0 else {
            return "<h2>Errors</h2><p class=\"fine\">Nothing failed, and nothing had to be tried again.</p>"
        }
        return errorPlot.html + counts("What failed", measured.failures)
            + counts("What was tried again", measured.retries)
    }

    private var sentence: String {
        let rate = String(format: "%g", plan.rate)
        let level = setting.level.map { ", level \($0)" } ?? ""
        let what =
            backlog.map { "A backlog of \($0.deposits) deposits for \(plan.users) recipients who are away" }
            ?? "Scenario \(plan.scenario.rawValue) (\(plan.scenario.summary)): \(rate) deposits a second for "
            + "\(Int(plan.duration.seconds)) s among \(plan.users) users"
        return
            "\(what), sizes \(plan.mix), seed \(plan.seed). \(setting.cluster)\(level), load from \(setting.cores) cores. "
            + "Begun \(setting.startedAt)."
    }

    private var cards: String {
        let balance = outcome.balance
        let failed = outcome.measurements.total(\.failed)
        let wrong = balance.repeated + balance.misattributed + balance.misordered + balance.unexpected
        let cards: [(String, String, String)] = [
            (isSound ? "sound" : "NOT SOUND", "verdict", isSound ? "good" : "bad"),
            (String(format: "%.1f/s", offeredPerSecond), "offered", ""),
            (String(format: "%.1f/s", achievedPerSecond), "achieved", ""),
            ("\(balance.deposits)", "deposits", ""), ("\(balance.delivered)", "delivered", ""),
            ("\(balance.lost)", "lost", balance.lost == 0 ? "good" : "bad"),
            ("\(balance.corrupt)", "corrupt", balance.corrupt == 0 ? "good" : "bad"),
            ("\(wrong)", "otherwise wrong", wrong == 0 ? "good" : "bad"),
            ("\(failed)", "failed", failed == 0 ? "" : "bad"),
        ]
        return cards.map { "<div class=\"card \($0.2)\"><b>\(escaped($0.0))</b><span>\(escaped($0.1))</span></div>" }
            .joined()
    }

    private var stageTable: String {
        func cell(_ value: Double?) -> String { "<td>\(value.map { String(format: "%.1f", $0) } ?? "–")</td>" }
        let rows = shownStages.map { stage in
            let figures = Figures(outcome.measurements.stages[stage])
            return
                "<tr><th>\(escaped(title(of: stage)))<small>\(escaped(stage.note))</small></th><td>\(figures.count)</td>"
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
        return "<h2>What became of the deposits</h2><table>\(text)</table>"
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
        return "<h2>\(title)</h2><table class=\"counts\">\(rows.joined())</table>"
    }

    private func list(_ title: String, _ texts: [String]) -> String {
        guard !texts.isEmpty else { return "" }
        return "<h2>\(title)</h2><ul class=\"wrong\">" + texts.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
    }

    private var styleSheet: String {
        """
        :root{color-scheme:light dark;--paper:#fbfaf7;--ink:#22252a;--faint:#6b7078;--rule:#dcd9d0;--card:#fff;--good:#1a7f4b;\
        --bad:#c02a2a;--c1:#2b5fb8;--c2:#1a8a5a;--c3:#c47f00;--c4:#c0392b;--c5:#7a4fb5;--c6:#8a9097;--c7:#0f8f9c}
        @media(prefers-color-scheme:dark){:root{--paper:#16181c;--ink:#e6e4df;--faint:#9aa0a8;--rule:#33373e;--card:#1e2126;\
        --good:#4ec98a;--bad:#ff7b72;--c1:#7fb0ff;--c2:#56d39b;--c3:#f0b64a;--c4:#ff8a80;--c5:#c3a1ff;--c6:#8f959d;--c7:#4fd0dd}}
        body{margin:0 auto;max-width:60rem;padding:2rem 1rem;background:var(--paper);color:var(--ink);\
        font:16px/1.5 system-ui,sans-serif}
        h1{font-size:1.7rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .4rem}header p,footer,.note{color:var(--faint)}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(5.9rem,1fr));gap:.5rem}
        .card{background:var(--card);border:1px solid var(--rule);border-radius:.5rem;padding:.5rem .7rem}
        .card b{display:block;font-size:1.2rem;line-height:1.3;font-variant-numeric:tabular-nums}.card span{color:var(--faint);font-size:.85rem}
        .good b{color:var(--good)}.bad b{color:var(--bad)}
        figure{margin:0}figure h2{margin-bottom:0}.legend{margin:0}svg{width:100%;height:auto}
        svg text{fill:var(--faint);font-size:12px}.middle{text-anchor:middle}.right{text-anchor:end}
        .mark{stroke:var(--faint);stroke-width:1;stroke-dasharray:4 3}.fine{color:var(--good)}.wrong{color:var(--bad)}
        th small{display:block;font-weight:400;color:var(--faint)}.counts td:first-child{width:5rem;text-align:right}
        figure p.note{margin:0}
        .grid{stroke:var(--rule);stroke-width:1}.line{fill:none;stroke-width:2;stroke-linejoin:round}
        .key{white-space:nowrap;margin-right:1rem;font-size:.9rem}.key::before{content:"";display:inline-block;width:1.1rem;height:.2rem;\
        margin-right:.4rem;vertical-align:middle;background:currentColor}
        .c1{color:var(--c1);stroke:var(--c1)}.c2{color:var(--c2);stroke:var(--c2)}.c3{color:var(--c3);stroke:var(--c3)}
        .c4{color:var(--c4);stroke:var(--c4)}.c5{color:var(--c5);stroke:var(--c5)}.c6{color:var(--c6);stroke:var(--c6)}
        .c7{color:var(--c7);stroke:var(--c7)}
        .dot{fill:currentColor}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:right}
        th:first-child,td.note{text-align:left}.head th{color:var(--faint);font-weight:500}
        footer{margin-top:2rem;font-size:.85rem}
        """
    }
}
