import ClusterStatus
import Foundation

/// The cluster as text: a verdict, the numbers, the processes, the partitions.
struct TopScreen {
    let status: ClusterStatus
    /// Columns; nothing is wider.
    let width: Int
    /// Whether colours may be used.
    let isColoured: Bool

    var lines: [String] {
        let findings = Verdict(status).findings.map { colour(mark($0.level) + " " + $0.text, $0.level) }
        var lines = ["Poste Restante  \(Wording.time(status.atMs)) UTC"]
        lines += findings
        lines += [""] + totals
        lines += [""] + members
        if !status.partitions.isEmpty { lines += [""] + partitions }
        return lines
    }

    private var totals: [String] {
        let totals = status.totals
        func number(_ name: String) -> String { Wording.number(totals[name]) }
        func time(_ name: String) -> String { Wording.milliseconds(totals[name]) }
        let now = [
            "deposits \(number("deposits_per_s"))/s", "acknowledged \(number("answers_per_s"))/s",
            "waiting \(number("pending"))", "online \(number("streams"))", "behind \(number("lag"))",
            "shed \(number("shed_per_s"))/s", "dead letters \(number("dead_letters"))",
        ]
        let lately = [
            "stored in \(time("commit_p99_ms"))", "pushed in \(time("push_wait_p99_ms"))",
            "answered in \(time("answer_p99_ms"))",
        ]
        return [now.joined(separator: "  "), "99 % in the last minute: " + lately.joined(separator: ", ")].map(cut)
    }

    private var members: [String] {
        let rows = status.members.map { member in
            let figures = member.figures
            return [
                member.role, member.name, member.state,
                Wording.age(status.atMs - member.startedMs),
                member.partitions.isEmpty ? "–" : Verdict.list(member.partitions), Wording.number(figures["streams"]),
                Wording.number(figures["exchanges_per_s"]), Wording.number(figures["deposits_per_s"]),
                Wording.number(figures["pushes_per_s"]), Wording.number(figures["waiting_work"]),
                figures["cpu"].map { Wording.number($0 * 100) } ?? "–", Wording.octets(figures["memory_octets"]),
            ]
        }
        let head = [
            "ROLE", "NAME", "STATE", "UP", "PARTITIONS", "ONLINE", "HANDSH/S", "DEPOSITS/S", "PUSHES/S", "QUEUE",
            "CPU %",
            "MEMORY",
        ]
        return table(head, rows, leftColumns: 3)
    }

    private var partitions: [String] {
        let names = Dictionary(status.members.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let rows = status.partitions.map { partition in
            [
                String(partition.partition), partition.owner.flatMap { names[$0] } ?? "NOBODY",
                Wording.number(Double(partition.pending)), Wording.number(Double(partition.lag)),
                Wording.number(Double(partition.presenceLag)), Wording.number(Double(partition.deadLetters)),
            ]
        }
        return table(["PART", "OWNER", "WAITING", "BEHIND", "PRESENCE", "DEAD"], rows, leftColumns: 2)
    }

    private func table(_ head: [String], _ rows: [[String]], leftColumns: Int) -> [String] {
        let widths = head.indices.map { index in ([head] + rows).map { $0[index].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            let cells = row.enumerated().map { index, cell in
                let space = String(repeating: " ", count: widths[index] - cell.count)
                return index < leftColumns ? cell + space : space + cell
            }
            return cut(cells.joined(separator: "  "))
        }
    }

    private func cut(_ line: String) -> String { line.count <= width ? line : line.prefix(max(0, width - 1)) + "…" }

    private func mark(_ level: Verdict.Level) -> String {
        switch level {
        case .good: "ok:"
        case .warning: "look:"
        case .bad: "BAD:"
        }
    }

    private func colour(_ line: String, _ level: Verdict.Level) -> String {
        guard isColoured else { return cut(line) }
        let code =
            switch level {
            case .good: "32"
            case .warning: "33"
            case .bad: "31"
            }
        return "\u{1b}[\(code)m\(cut(line))\u{1b}[0m"
    }
}
