import Foundation

/// The `poste` command: finds the subcommand, runs it, and turns what went wrong into words and an exit status.
@main struct Poste {
    static let commands: [Command] = [
        .demo, .dev, .enroll, .send, .receive, .presence, .inspect, .kms, .front, .deliver, .topics, .health, .certificate,
        .account, .deadLetters, .rebuild, .clusterKey, .top, .load,
    ]

    static func main() async {
        // A peer that hangs up is an error of one call, not a signal for the process.
        signal(SIGPIPE, SIG_IGN)
        var status: Int32 = 0
        do {
            try await run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            let (failure, text) = Failure.explain(error)
            FileHandle.standardError.write(Data("poste: \(text)\n".utf8))
            status = failure.rawValue
        }
        // Not exit, nor a return: exit handlers would take OpenSSL and gRPC from under threads that still end.
        fflush(nil)
        _exit(status)
    }

    private static func run(_ arguments: [String]) async throws {
        guard let name = arguments.first, !["--help", "-h", "help"].contains(name) else {
            if arguments.count == 2, let command = commands.first(where: { $0.name == arguments[1] }) {
                say(command.help)
            } else {
                say(help)
            }
            return
        }
        if name == "--version" {
            say("poste \(version)")
            return
        }
        guard let command = commands.first(where: { $0.name == name }) else {
            throw UsageError("there is no subcommand \(name)", nearest: nearest(to: name, of: commands.map(\.name)))
        }
        let rest = arguments.dropFirst()
        if rest.contains("--help") || rest.contains("-h") {
            say(command.help)
            return
        }
        let environment = ProcessInfo.processInfo.environment
        try await command.run(try Arguments(rest, for: command, environment: environment))
    }

    static let version = "0.1"

    private static var help: String {
        let width = commands.map(\.name.count).max() ?? 0
        let list = commands.map { "  " + $0.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.summary }
        let statuses = ExitStatus.allCases.map { "  \($0.rawValue)".padding(toLength: 6, withPad: " ", startingAt: 0) + $0.meaning }
        return """
            Poste Restante: mail that waits, encrypted, until its addressee calls for it (MIKEY-IBAKE, RFC 6267).

            Usage: poste SUBCOMMAND [options]

            \(list.joined(separator: "\n"))

            'poste SUBCOMMAND --help' explains one, with examples. Start with 'poste demo', or with 'poste dev' in one
            terminal and 'poste enroll', 'poste send', 'poste receive' in another.

            Exit status:
            \(statuses.joined(separator: "\n"))
            """
    }
}
