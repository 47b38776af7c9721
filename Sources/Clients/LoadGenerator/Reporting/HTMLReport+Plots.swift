import Foundation

extension LoadReport {
    private func timeTicks(to end: Double) -> [LinePlot.Tick] {
        let length = max(1, end)
        let step = max(1, LinePlot.step(for: length, marks: 10))
        return stride(from: 0, through: length, by: step).map { LinePlot.Tick(at: $0, text: "\(Int($0))") }
    }

    /// Ticks of all that was recorded.
    private var allTicks: [LinePlot.Tick] { timeTicks(to: Double(outcome.measurements.seconds.count)) }

    /// What the scenario does to all, as far as the run came; and the end of the load, where more follows.
    private func marks(to end: Double) -> [LinePlot.Tick] {
        guard backlog == nil else { return [] }
        let moments = plan.moments.filter { $0.at.seconds <= loadSeconds }
            .map { LinePlot.Tick(at: $0.at.seconds, text: $0.what) }
        return moments + (end > loadSeconds + 0.5 ? [LinePlot.Tick(at: loadSeconds, text: "end of the load")] : [])
    }

    private func overTime(
        _ name: String, _ style: String, _ value: (Recorder.Second) -> Double?
    ) -> LinePlot.Line {
        LinePlot.Line(
            name: name, style: style,
            points: outcome.measurements.seconds.enumerated().compactMap { index, second in
                value(second).map { (Double(index), $0) }
            }, reach: 1)
    }

    /// Without the end, where all that still waits is taken at once: it would dwarf the load.
    var throughputPlot: LinePlot {
        var lines = [
            overTime("offered", "c6") { Double($0.offered) }, overTime("receipts", "c1") { Double($0.achieved) },
            overTime("delivered", "c2") { Double($0.delivered) },
        ]
        let end = backlog == nil ? loadSeconds : Double(outcome.measurements.seconds.count)
        for index in lines.indices { lines[index].points.removeAll { $0.x >= end } }
        return LinePlot(
            "Throughput", x: "seconds since the load began", y: "deposits per second", lines: lines,
            xTicks: timeTicks(to: end), marks: marks(to: end),
            note:
                "Offered is what the plan asks for, whatever becomes of it. Receipts say that the mailbox has a deposit; "
                + "delivered is what recipients have checked.")
    }

    var waitingPlot: LinePlot {
        LinePlot(
            "What waits, and who is there", x: "seconds since the load began", y: "count",
            lines: [
                overTime("deposits that wait for their recipients", "c3") { $0.waiting.map(Double.init) },
                overTime("recipients online", "c5") { $0.online.map(Double.init) },
            ], xTicks: allTicks, marks: marks(to: Double(outcome.measurements.seconds.count)),
            note: "When the load has ended, whoever has mail is brought online, \(LoadRun.drainWidth) at a time.")
    }

    var latencyPlot: LinePlot {
        LinePlot(
            "Latency of deposits over time", x: "seconds since the load began", y: "milliseconds",
            lines: [
                overTime("median", "c1") { $0.deposits.quantile(0.5)?.milliseconds },
                overTime("99 %", "c4") { $0.deposits.quantile(0.99)?.milliseconds },
            ], xTicks: allTicks, isLogarithmic: true, marks: marks(to: Double(outcome.measurements.seconds.count)),
            note: "By the second in which their receipts came.")
    }

    var errorPlot: LinePlot {
        LinePlot(
            "Errors", x: "seconds since the load began", y: "per second",
            lines: [
                overTime("failed", "c4") { Double($0.failed) }, overTime("tried again", "c3") { Double($0.retried) },
            ], xTicks: allTicks, marks: marks(to: Double(outcome.measurements.seconds.count)))
    }

    /// Each nine has the same width.
    var percentilePlot: LinePlot {
        let most = outcome.measurements.stages.values.map(\.count).max() ?? 0
        let nines = max(3, min(6, log10(Double(max(most, 1))).rounded(.up)))
        let names = ["0", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"]
        let ticks = (0...Int(nines)).map { LinePlot.Tick(at: Double($0), text: names[$0]) }
        let styles = ["c1", "c2", "c3", "c4", "c5", "c6", "c7"]
        let lines = zip(Stage.allCases, styles).compactMap { stage, style -> LinePlot.Line? in
            guard let histogram = outcome.measurements.stages[stage] else { return nil }
            // What lies beyond the number of values says nothing.
            let end = min(nines, log10(Double(histogram.count)) + 0.01)
            let points = stride(from: 0, through: max(end, 0.05), by: 0.05).compactMap { place in
                histogram.quantile(1 - pow(10, -place)).map { (x: place, y: $0.milliseconds) }
            }
            return LinePlot.Line(name: title(of: stage), style: style, points: points)
        }
        return LinePlot(
            "Latency by percentile", x: "share of operations that took no longer", y: "milliseconds", lines: lines,
            xTicks: ticks + [LinePlot.Tick(at: log10(2), text: "50 %")], isLogarithmic: true)
    }
}
