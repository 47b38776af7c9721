import Foundation
import MailboxClient

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

    /// A message and its answer, or a call that found nobody and is made again.
    func tell(_ event: ClientEvent, _ cluster: DemoCluster) throws {
        switch event {
        case .exchanged(let step):
            let meaning = Meaning.of(step, front: cluster.name(of: step.address))
            try tell(meaning + String(format: " (%.0f ms)", step.duration / .milliseconds(1)))
        case .retrying(let service, let reason, _):
            try tell("the \(service) does not answer (\(reason)); the client tries again")
        }
    }
}
