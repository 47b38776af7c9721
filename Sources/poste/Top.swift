import ClusterStatus
import Foundation
import RPC

extension Command {
    /// `poste top`
    static let top = Command(
        name: "top", summary: "shows a running cluster in the terminal: does mail flow, who waits, what is slow",
        synopsis: "",
        words: 0...0,
        discussion: """
            Asks the admin addresses of one or more services each second, and shows what they say: any front or delivery worker
            knows the whole cluster, a KMS only itself. Without --admin it asks the 'poste dev' of this machine. Where standard
            output is no terminal it prints one screen a second without colours; --once prints one and ends.
            """,
        examples: [
            ("poste top", "the cluster of 'poste dev'"),
            ("poste top --admin front1:9464 --admin kms:9464", "a cluster, and its KMS"),
            ("poste top --admin front1:9464 --once --json", "for programs"),
        ],
        options: [
            Option("admin", .values("HOST:PORT"), "an admin address; may be repeated", default: "that of 'poste dev'"),
            Option("once", .flag, "one screen, then end; fails when mail does not flow"),
            Option("interval", .value("TIME"), "how often to look", default: "1s"), .cluster, .home, .json,
        ],
        run: top)

    @Sendable private static func top(_ arguments: Arguments) async throws {
        let clients = try arguments.adminAddresses().map(AdminClient.init)
        let pause = max(1, try arguments.seconds("interval", default: 1))
        let isTerminal = isatty(STDOUT_FILENO) == 1
        if arguments.has("once") {
            let status = try await ask(clients)
            try show(status, arguments, isTerminal: isTerminal)
            guard Verdict(status).level != .bad else {
                throw CommandFailure(.unavailable, "the cluster is not well, see above")
            }
            return
        }
        try await runUntilStopped([
            {
                var isFirst = true
                while true {
                    do {
                        let status = try await ask(clients)
                        try show(status, arguments, isTerminal: isTerminal)
                    } catch let failure as CommandFailure where !isFirst {
                        // A process that comes back soon is no reason to end.
                        say(failure.description)
                    }
                    isFirst = false
                    try await Task.sleep(for: .seconds(pause))
                }
            }
        ])
    }

    private static func show(_ status: ClusterStatus, _ arguments: Arguments, isTerminal: Bool) throws {
        guard !arguments.has("json") else { return try printJSON(status) }
        var size = winsize()
        let isSized = isTerminal && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
        var lines = TopScreen(status: status, width: isSized ? Int(size.ws_col) : 200, isColoured: isTerminal).lines
        if isSized, !arguments.has("once") { lines = Array(lines.prefix(max(5, Int(size.ws_row) - 1))) }
        // Home, and clear: in one write, so that nothing flickers.
        say((isSized && !arguments.has("once") ? "\u{1b}[H\u{1b}[2J" : "") + lines.joined(separator: "\n"))
    }

    /// What all of them say, as one. Fails where nobody answers.
    private static func ask(_ clients: [AdminClient]) async throws -> ClusterStatus {
        let answers = await withTaskGroup(of: (Int, Result<ClusterStatus, any Error>).self) { group in
            for (index, client) in clients.enumerated() {
                group.addTask {
                    do { return (index, .success(try await client.status())) } catch { return (index, .failure(error)) }
                }
            }
            var answers: [(Int, Result<ClusterStatus, any Error>)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
        guard let merged = ClusterStatus(merging: answers.compactMap { try? $0.get() }) else {
            if case .failure(let error)? = answers.first { throw error }
            throw CommandFailure(.unavailable, "nobody answers")
        }
        var status = merged
        for case .failure(let error) in answers { status.faults.append("how a service does: \(error)") }
        return status
    }
}

extension Arguments {
    /// `--admin`, or what `poste dev` wrote down.
    fileprivate func adminAddresses() throws -> [RPCAddress] {
        let given = values("admin")
        guard given.isEmpty else {
            return try given.map { text in
                guard let address = RPCAddress(text) else { throw usage("--admin takes HOST:PORT, not \(text)") }
                return address
            }
        }
        let path = (value("cluster") ?? homePath + "/dev") + "/endpoints.json"
        struct Endpoints: Decodable { var admin: String? }
        guard let data = FileManager.default.contents(atPath: path),
            let text = try? JSONDecoder().decode(Endpoints.self, from: data).admin, let address = RPCAddress(text)
        else {
            throw usage(
                "say whom to ask with --admin HOST:PORT: \(path) names no admin address; 'poste dev' writes one there")
        }
        return [address]
    }
}
