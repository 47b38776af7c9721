import Foundation
import Synchronization

/// What a person sees of long work: one line on standard error that is written over, where that is a terminal.
final class ProgressBar: Sendable {
    private struct State {
        var done: Int64 = 0
        var drawn: ContinuousClock.Instant?
    }

    private let title: String
    private let total: Int64
    private let started = ContinuousClock.now
    private let state = Mutex(State())
    private let isShown: Bool

    init(_ title: String, total: Int64, isShown: Bool = isatty(STDERR_FILENO) == 1) {
        self.title = title
        self.total = total
        self.isShown = isShown
    }

    /// Sets how much is done, in octets.
    func update(_ done: Int64) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let due = state.withLock { state in
            state.done = done
            guard done >= total || state.drawn.map({ now - $0 > .milliseconds(100) }) ?? true else { return false }
            state.drawn = now
            return true
        }
        if due { draw(done, after: now - started) }
    }

    /// Ends the line.
    func finish() {
        guard isShown, state.withLock({ $0.drawn != nil }) else { return }
        FileHandle.standardError.write(Data("\n".utf8))
    }

    private func draw(_ done: Int64, after elapsed: Duration) {
        let share = total > 0 ? min(1, Double(done) / Double(total)) : 1
        let filled = Int(share * 30)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        let seconds = elapsed / .seconds(1)
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let line = "\r\(title) [\(bar)] \(Int(share * 100)) %  \(size(done)) of \(size(total))  \(size(Int64(rate)))/s "
        FileHandle.standardError.write(Data(line.utf8))
    }
}

/// A size in octets as people read it.
func size(_ octets: Int64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(octets)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    return unit == 0 ? "\(octets) B" : String(format: "%.1f ", value) + units[unit]
}

/// Prints a line on standard output at once, also where that is a pipe.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Prints an object as one line of JSON on standard output.
func printJSON(_ object: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    say(String(decoding: try encoder.encode(object), as: UTF8.self))
}
