import Foundation
import LoadGenerator
import Synchronization

/// What a person sees of a load run: on a terminal lines that are written over twice a second, elsewhere a line every ten seconds.
struct LoadDisplay: Sendable {
    private let plan: LoadPlan
    private let backlog: Int?
    private let isTerminal = isatty(STDERR_FILENO) == 1

    init(_ plan: LoadPlan, backlog: Int?) {
        self.plan = plan
        self.backlog = backlog
    }

    /// Shows how a run stands until the task is cancelled, and once more then.
    func show(_ snapshot: @Sendable () -> LoadRun.Snapshot) async {
        var drawn = 0
        while (try? await Task.sleep(for: isTerminal ? .milliseconds(500) : .seconds(10))) != nil {
            drawn = draw(snapshot(), over: drawn)
        }
        if isTerminal { _ = draw(snapshot(), over: drawn) }
    }

    /// Writes over so many lines; returns how many there are now.
    private func draw(_ snapshot: LoadRun.Snapshot, over drawn: Int) -> Int {
        let lines = lines(snapshot)
        guard isTerminal else {
            warn(lines.joined(separator: "; "))
            return 0
        }
        let up = drawn > 0 ? "\u{1b}[\(drawn)A" : ""
        let text = up + lines.map { "\u{1b}[2K\($0)\n" }.joined()
        FileHandle.standardError.write(Data(text.utf8))
        return lines.count
    }

    private func lines(_ snapshot: LoadRun.Snapshot) -> [String] {
        let measured = snapshot.measurements
        let recent = recently(measured.seconds, until: snapshot.elapsed)
        let failed = measured.total(\.failed)
        let retried = measured.total(\.retried)
        return [
            "\(phase(snapshot))  offered \(rate(recent, \.offered))  receipts \(rate(recent, \.achieved))  "
                + "delivered \(rate(recent, \.delivered))  waiting \(snapshot.waiting)  online \(snapshot.online)",
            Stage.allCases.map { stage in
                let histogram = measured.stages[stage]
                return "\(stage.title) \(text(histogram?.quantile(0.5)))/\(text(histogram?.quantile(0.99)))"
            }.joined(separator: "  ") + " ms (median/99 %)",
            "deposits \(measured.total(\.achieved))  delivered \(measured.total(\.delivered))  failed \(failed)  tried again \(retried)",
        ]
    }

    private func phase(_ snapshot: LoadRun.Snapshot) -> String {
        let seconds = Int(snapshot.elapsed / .seconds(1))
        if let backlog {
            return "\(seconds) s, \(snapshot.measurements.total(\.achieved)) of \(backlog) deposited"
        }
        if snapshot.elapsed < .zero { return "recipients come online" }
        let length = Int(plan.duration / .seconds(1))
        return seconds <= length ? "\(seconds) of \(length) s" : "settling for \(seconds - length) s"
    }

    /// The last five whole seconds.
    private func recently(_ seconds: [Recorder.Second], until elapsed: Duration) -> ArraySlice<Recorder.Second> {
        let end = max(0, Int(elapsed / .seconds(1)))
        let first = max(0, end - 5)
        return seconds.dropFirst(first).prefix(end - first)
    }

    private func rate(_ seconds: ArraySlice<Recorder.Second>, _ count: KeyPath<Recorder.Second, UInt64>) -> String {
        guard !seconds.isEmpty else { return "0/s" }
        let sum = seconds.reduce(0) { $0 + $1[keyPath: count] }
        return String(format: "%.1f/s", Double(sum) / Double(seconds.count))
    }

    private func text(_ duration: Duration?) -> String {
        duration.map { String(format: "%.0f", $0 / .milliseconds(1)) } ?? "–"
    }
}

/// How many of so many are done, on a line of a terminal that is written over.
final class ProgressCount: Sendable {
    private let what: String
    private let total: Int
    private let isShown = isatty(STDERR_FILENO) == 1

    init(_ what: String, of total: Int) {
        self.what = what
        self.total = total
    }

    /// Shows how many are done.
    func update(_ done: Int) {
        guard isShown else { return }
        FileHandle.standardError.write(Data("\r\(done) of \(total) \(what) ".utf8))
    }

    /// Ends the line.
    func finish() { if isShown { FileHandle.standardError.write(Data("\n".utf8)) } }
}
