import Foundation
import Primitives

/// The page that shows a cluster to a person: HTML that holds all numbers, so that it needs no script to be read; a few lines of script
/// fetch it again while somebody looks.
public enum StatusPage {
    /// What a browser may do for the page: its own style and script, known by their SHA-256, and to ask the same server again.
    public static let policy =
        "default-src 'none'; style-src 'sha256-\(digest(style))'; script-src 'sha256-\(digest(script))'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static func digest(_ text: String) -> String {
        Data(HashFunction.sha256.hash(Array(text.utf8))).base64EncodedString()
    }

    /// The page.
    public static func html(_ status: ClusterStatus) -> String {
        let verdict = Verdict(status)
        let by = status.members.first { $0.id == status.by }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <noscript><meta http-equiv="refresh" content="5"></noscript>
            <title>\(title(verdict))</title>
            <style>\(style)</style>
            </head>
            <body>
            <header><h1>Poste Restante</h1><p id="state">as \(escaped(by.map { "\($0.role) \($0.name)" } ?? "?")) sees it,
            <time>\(Wording.time(status.atMs))</time> UTC</p></header>
            <main>
            <ul id="findings">\(verdict.findings.map { "<li class=\"\($0.level.rawValue)\">\(escaped($0.text))</li>" }.joined())</ul>
            \(tiles(status))
            \(Curves.html(status.history))
            \(MemberTable.html(status))
            \(partitions(status))
            </main>
            <footer>For programs: <a href="/status.json">/status.json</a>, <a href="/metrics">/metrics</a>,
            <a href="/readyz">/readyz</a>. In a terminal: <code>poste top</code>.</footer>
            <script>\(script)</script>
            </body>
            </html>

            """
    }

    private static func title(_ verdict: Verdict) -> String {
        let mark =
            switch verdict.level {
            case .good: "✓"
            case .warning: "!"
            case .bad: "✗"
            }
        return "\(mark) Poste Restante"
    }

    private static func tiles(_ status: ClusterStatus) -> String {
        let totals = status.totals
        let tiles: [(String, String, String)] = [
            ("deposits", Wording.number(totals["deposits_per_s"]) + "/s", "stored, all fronts"),
            ("acknowledged", Wording.number(totals["answers_per_s"]) + "/s", "by their recipients"),
            ("waiting", Wording.number(totals["pending"]), "deposits and receipts"),
            ("online", Wording.number(totals["streams"]), "recipients' streams"),
            ("stored in", Wording.milliseconds(totals["commit_p99_ms"]), "99 % of deposits, last minute"),
            ("pushed in", Wording.milliseconds(totals["push_wait_p99_ms"]), "99 % of those online"),
            ("behind", Wording.number(totals["lag"]), "records, view to log"),
            ("shed", Wording.number(totals["shed_per_s"]) + "/s", "handshakes refused"),
            ("dead letters", Wording.number(totals["dead_letters"]), "not replayed"),
        ]
        let items = tiles.map { name, value, note in
            "<div><dt>\(name)</dt><dd>\(escaped(value))</dd><dd class=\"note\">\(note)</dd></div>"
        }
        return "<dl id=\"tiles\">\(items.joined(separator: "\n"))</dl>"
    }

    private static func partitions(_ status: ClusterStatus) -> String {
        guard !status.partitions.isEmpty else { return "" }
        let names = Dictionary(
            status.members.map { ($0.id, "\($0.role) \($0.name)") }, uniquingKeysWith: { first, _ in first })
        let rows = status.partitions.map { partition in
            let owner = partition.owner.flatMap { names[$0] }
            let cells = [
                partition.pending, partition.lag, partition.presenceLag, partition.deadLetters,
            ].map { "<td>\(Wording.number(Double($0)))</td>" }
            return "<tr\(owner == nil ? " class=\"bad\"" : "")><th>\(partition.partition)</th>"
                + "<td class=\"text\">\(escaped(owner ?? "nobody"))</td>\(cells.joined())</tr>"
        }
        return """
            <section id="partitions"><h2>Partitions</h2><div class="scroll"><table><thead><tr><th>no.</th><th class="text">owner</th><th>waiting</th>
            <th>behind</th><th>presence behind</th><th>dead letters</th></tr></thead><tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div></section>
            """
    }

    /// The text with nothing in it that HTML would take for its own.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
