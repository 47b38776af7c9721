import Foundation

/// Tells what happens: in plain words for people, or as one JSON object a line for programs.
struct Story: Sendable {
    private let isJSON: Bool
    private let started = ContinuousClock.now

    init(json: Bool) { isJSON = json }

    var seconds: Double { (ContinuousClock.now - started) / .seconds(1) }

    /// A new part of the story.
    func chapter(_ title: String) {
        if !isJSON { say("\n\(title)") }
    }

    /// One thing that happened.
    func tell(_ text: String) throws {
        if isJSON {
            try printJSON(["at": String(format: "%.3f", seconds), "step": text])
        } else {
            say(String(format: "%7.2f s  ", seconds) + text)
        }
    }

    /// One message and its answer.
    func exchange(_ meaning: String, _ milliseconds: Double) throws {
        try tell(meaning + String(format: " (%.0f ms)", milliseconds))
    }
}
