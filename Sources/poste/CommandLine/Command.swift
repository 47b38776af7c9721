/// One subcommand: what the help says of it, and what it does.
struct Command: Sendable {
    let name: String
    /// One line for the list of subcommands.
    let summary: String
    /// The words that it takes, as the help shows them.
    let synopsis: String
    /// How many words it takes.
    let words: ClosedRange<Int>
    /// A paragraph or two.
    let discussion: String
    /// Command lines that work, each with what it does.
    let examples: [(String, String)]
    let options: [Option]
    let run: @Sendable (Arguments) async throws -> Void

    var usage: String { "poste \(name)" + (synopsis.isEmpty ? "" : " \(synopsis)") + " [options]" }

    var help: String {
        var text = "\(summary)\n\nUsage: \(usage)\n\n\(discussion)\n"
        if !examples.isEmpty {
            text += "\nExamples:\n"
            for (line, meaning) in examples { text += "  \(line)\n      \(meaning)\n" }
        }
        text += "\nOptions (or the environment variable in brackets):\n"
        for option in options {
            let standard = option.standard.map { " (default \($0))" } ?? ""
            text += "  \(option.usage)  [\(option.variable)]\n      \(option.help)\(standard)\n"
        }
        return text + "  --help\n      print this\n"
    }
}
