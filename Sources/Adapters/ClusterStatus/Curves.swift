import Foundation

/// The last minutes as two small pictures: what comes and goes, and what waits.
enum Curves {
    static func html(_ history: [ClusterStatus.Moment]) -> String {
        guard history.count > 1, let first = history.first, let last = history.last else {
            return "<section id=\"curves\"><p class=\"note\">Curves appear while this page is open.</p></section>"
        }
        let span = "\(Wording.age(last.atMs - first.atMs)) until \(Wording.time(last.atMs))"
        return """
            <section id="curves">
            \(picture([("deposits", "deposits", \.deposits), ("answers", "acknowledgements", \.answers)], "a second, \(span)", history))
            \(picture([("pending", "waiting", \.pending)], span, history))
            </section>
            """
    }

    private static let width = 600.0
    private static let height = 90.0

    private static func picture(
        _ curves: [(name: String, title: String, value: KeyPath<ClusterStatus.Moment, Double>)], _ when: String,
        _ history: [ClusterStatus.Moment]
    ) -> String {
        let top = max(1, curves.flatMap { curve in history.map { $0[keyPath: curve.value] } }.max() ?? 1)
        let start = history.first?.atMs ?? 0
        let span = Double(max(1, (history.last?.atMs ?? 0) - start))
        let lines = curves.map { name, _, value in
            let points = history.map { moment in
                let x = Double(moment.atMs - start) / span * width
                let y = height - moment[keyPath: value] / top * (height - 4) - 1
                return String(format: "%.1f,%.1f", x, y)
            }
            return "<polyline class=\"\(name)\" points=\"\(points.joined(separator: " "))\"/>"
        }
        let legend = curves.map { "<span class=\"\($0.name)\">\($0.title)</span>" }.joined(separator: " and ")
        let title = curves.map(\.title).joined(separator: " and ") + " " + when
        return """
            <figure><figcaption>\(legend) \(when); top is \(Wording.number(top))</figcaption>
            <svg viewBox="0 0 \(Int(width)) \(Int(height))" preserveAspectRatio="none" role="img" aria-label="\(title)">
            \(lines.joined(separator: "\n"))
            </svg></figure>
            """
    }
}
