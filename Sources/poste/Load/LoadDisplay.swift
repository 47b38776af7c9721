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
        guard isTerminal else {
            while (try? await Task.sleep(for: .seconds(10))) != nil {
                warn(LoadScreen(plan, backlog: backlog, snapshot()).line)
            }
            return
        }
        var drawn = 0
        while !Task.isCancelled {
            drawn = draw(LoadScreen(plan, backlog: backlog, snapshot()), over: drawn)
            try? await Task.sleep(for: .milliseconds(500))
        }
        _ = draw(LoadScreen(plan, backlog: backlog, snapshot()), over: drawn)
    }

    /// Writes over so many lines, in one write, so that nothing flickers; returns how many there are now.
    private func draw(_ screen: LoadScreen, over drawn: Int) -> Int {
        var size = winsize()
        let isSized = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let lines = screen.lines(
            columns: isSized ? Int(size.ws_col) : 80, rows: isSized && size.ws_row > 0 ? Int(size.ws_row) : 24)
        let up = drawn > 0 ? "\r\u{1b}[\(drawn)A" : ""
        // Clears what is left of each line, and what stands below, such as an echoed ^C.
        let text = up + lines.map { "\($0)\u{1b}[K\n" }.joined() + "\u{1b}[J"
        FileHandle.standardError.write(Data(text.utf8))
        return lines.count
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
