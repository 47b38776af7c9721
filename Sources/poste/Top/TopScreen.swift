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
        return ["Poste Restante  \(Wording.time(status.atMs)) UTC"] + findings + [""] + totals + [""] + members
            + (status.partitions.isEmpty ? [] : [""] + partitions)
    }

    private var totals: [String] {
        let totals = status.totals
        return [
            "deposits \(Wording.number(totals["deposits_per_s"]))/s  acknowledged \(Wording.number(totals["answers_per_s"]))/s  "
                + "waiting \(Wording.number(totals["pending"]))  online \(Wording.number(totals["streams"]))  "
                + "behind \(Wording.number(totals["lag"]))  shed \(Wording.number(totals["shed_per_s"]))/s  "
                + "dead letters \(Wording.number(totals["dead_letters"]))",
            "99 % in the last minute: stored in \(Wording.milliseconds(totals["commit_p99_ms"])), "
                + "pushed in \(Wording.milliseconds(totals["push_wait_p99_ms"])), "
                + "answered in \(Wording.milliseconds(totals["answer_p99_ms"]))",
        ].map(cut)
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
