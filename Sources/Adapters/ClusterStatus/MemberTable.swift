/// The processes of a cluster as a table of the page.
enum MemberTable {
    static func html(_ status: ClusterStatus) -> String {
        let rows = status.members.map { row($0, at: status.atMs) }
        return """
            <section id="members"><h2>Processes</h2><div class="scroll"><table><thead><tr><th class="text">role</th><th class="text">name</th>
            <th class="text">state</th><th>up</th><th>partitions</th><th>online</th><th>handshakes/s</th><th>deposits/s</th><th>pushes/s</th>
            <th>queue</th><th>stored in</th><th>pushed in</th><th>CPU</th><th>memory</th></tr></thead><tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div></section>
            """
    }

    private static func row(_ member: MemberStatus, at now: Int64) -> String {
        let figures = member.figures
        let cells = [
            Wording.age(now - member.startedMs),
            member.partitions.isEmpty ? "–" : Verdict.list(member.partitions),
            Wording.number(figures["streams"]), Wording.number(figures["exchanges_per_s"]),
            Wording.number(figures["deposits_per_s"]), Wording.number(figures["pushes_per_s"]),
            Wording.number(figures["waiting_work"]), Wording.milliseconds(figures["commit_p99_ms"]),
            Wording.milliseconds(figures["push_wait_p99_ms"]),
            figures["cpu"].map { Wording.number($0 * 100) + " %" } ?? "–", Wording.octets(figures["memory_octets"]),
        ].map { "<td>\(StatusPage.escaped($0))</td>" }
        return
            "<tr\(member.lacks.isEmpty ? "" : " class=\"bad\"")><td class=\"text\">\(StatusPage.escaped(member.role))</td>"
            + "<td class=\"text\">\(name(member))</td><td class=\"text\">\(StatusPage.escaped(member.state))</td>\(cells.joined())</tr>"
    }

    /// The name, with a link to the page of the process where a browser can reach it.
    private static func name(_ member: MemberStatus) -> String {
        let text = StatusPage.escaped(member.name)
        guard let admin = member.admin, !admin.hasPrefix("0.0.0.0:"), !admin.hasPrefix("[::]:"),
            admin.utf8.allSatisfy({ isPlain($0) })
        else { return text }
        return "<a href=\"http://\(admin)/\">\(text)</a>"
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }
}
