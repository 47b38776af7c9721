import Foundation

/// A plot of lines as inline SVG, with axes, a legend and nothing from outside. Colours come from the page's style sheet, so
/// that they follow its light or dark scheme.
struct LinePlot {
    /// A line.
    struct Line {
        var name: String
        /// The class that gives its colour: `c1` to `c6`.
        var style: String
        var points: [(x: Double, y: Double)]
        /// Points that lie further apart are not joined: in between there was nothing.
        var reach = Double.infinity

        /// The runs of points that are joined.
        var pieces: [[(x: Double, y: Double)]] {
            points.reduce(into: []) { pieces, point in
                if let last = pieces.last?.last, point.x - last.x <= reach {
                    pieces[pieces.count - 1].append(point)
                } else {
                    pieces.append([point])
                }
            }
        }
    }

    /// A mark on an axis.
    struct Tick {
        var at: Double
        var text: String
    }

    var title: String
    var xTitle: String
    var yTitle: String
    var lines: [Line]
    /// Marks of the horizontal axis; its ends are those of the points and the marks.
    var xTicks: [Tick]
    /// Whether the vertical axis is logarithmic.
    var isLogarithmic = false
    /// Instants that are told apart by a line across, with words above.
    var marks: [Tick]
    /// What it shows, in a sentence.
    var note: String

    private let width = 860.0
    private let height = 300.0
    private let left = 64.0
    private let right = 34.0
    private let top = 24.0
    private let bottom = 46.0

    init(
        _ title: String, x: String, y: String, lines: [Line], xTicks: [Tick], isLogarithmic: Bool = false,
        marks: [Tick] = [], note: String = ""
    ) {
        self.title = title
        xTitle = x
        yTitle = y
        self.lines = lines
        self.xTicks = xTicks
        self.isLogarithmic = isLogarithmic
        self.marks = marks
        self.note = note
    }

    /// The figure: heading, SVG, legend.
    var html: String {
        let legend = lines.map { "<span class=\"key \($0.style)\">\(escaped($0.name))</span>" }.joined(separator: " ")
        let note = note.isEmpty ? "" : "<p class=\"note\">\(escaped(note))</p>"
        return """
            <figure><figcaption><h2>\(escaped(title))</h2>\(note)<p class="legend">\(legend)</p></figcaption>
            <svg viewBox="0 0 \(number(width)) \(number(height))" role="img" aria-label="\(escaped(title))">
            \(axes)
            \(across)
            \(lines.map(path).joined(separator: "\n"))
            </svg></figure>
            """
    }

    private var xRange: ClosedRange<Double> {
        let values = xTicks.map(\.at) + lines.flatMap { $0.points.map(\.x) }
        let low = values.min() ?? 0
        return low...max(values.max() ?? 1, low + 1e-9)
    }

    private var yRange: ClosedRange<Double> {
        let values = lines.flatMap { $0.points.map(\.y) }
        guard isLogarithmic else { return 0...max(1, (values.max() ?? 1) * 1.05) }
        let positive = values.filter { $0 > 0 }
        let low = pow(10, log10(max(positive.min() ?? 1, 0.001)).rounded(.down))
        return low...max(low * 10, pow(10, log10(positive.max() ?? 10).rounded(.up)))
    }

    private func x(_ value: Double) -> Double {
        let range = xRange
        return left + (value - range.lowerBound) / (range.upperBound - range.lowerBound) * (width - left - right)
    }

    private func y(_ value: Double) -> Double {
        let range = yRange
        let share: Double
        if isLogarithmic {
            let (low, high) = (log10(range.lowerBound), log10(range.upperBound))
            share = (log10(max(value, range.lowerBound)) - low) / (high - low)
        } else {
            share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        }
        return height - bottom - share * (height - top - bottom)
    }

    private var yTicks: [Tick] {
        let range = yRange
        if isLogarithmic {
            let first = Int(log10(range.lowerBound).rounded())
            let last = Int(log10(range.upperBound).rounded())
            return (first...last).map { Tick(at: pow(10, Double($0)), text: number(pow(10, Double($0)))) }
        }
        let step = Self.step(for: range.upperBound, marks: 5)
        return stride(from: 0, through: range.upperBound, by: step).map { Tick(at: $0, text: number($0)) }
    }

    /// A step of 1, 2 or 5 times a power of ten that gives about so many marks.
    static func step(for length: Double, marks: Double) -> Double {
        let rough = max(length, 1e-9) / marks
        let power = pow(10, log10(rough).rounded(.down))
        return ([1, 2, 5].first { $0 * power >= rough } ?? 10) * power
    }

    private var axes: String {
        let (x0, x1, y0) = (number(left), number(width - right), number(height - bottom))
        let rows = yTicks.map { tick in
            let place = number(y(tick.at))
            return """
                <line class="grid" x1="\(x0)" x2="\(x1)" y1="\(place)" y2="\(place)"/>\
                <text class="right" x="\(number(left - 8))" y="\(place)" dy="4">\(tick.text)</text>
                """
        }
        let columns = xTicks.map { tick in
            let place = number(x(tick.at))
            return """
                <line class="grid" x1="\(place)" x2="\(place)" y1="\(number(top))" y2="\(y0)"/>\
                <text class="middle" x="\(place)" y="\(number(height - bottom + 17))">\(tick.text)</text>
                """
        }
        let middle = number((top + height - bottom) / 2)
        return (rows + columns).joined(separator: "\n") + """
            <text class="middle" x="\(number((left + width - right) / 2))" y="\(number(height - 8))">\(escaped(xTitle))</text>
            <text class="middle" transform="translate(14 \(middle)) rotate(-90)">\(escaped(yTitle))</text>
            """
    }

    private var across: String {
        marks.filter { xRange.contains($0.at) }.map { mark in
            let place = x(mark.at)
            let isAtEnd = place > width - right - 120
            return """
                <line class="mark" x1="\(number(place))" x2="\(number(place))" y1="\(number(top - 16))" \
                y2="\(number(height - bottom))"/><text class="\(isAtEnd ? "right" : "left")" \
                x="\(number(place + (isAtEnd ? -5 : 5)))" y="\(number(top - 8))">\(escaped(mark.text))</text>
                """
        }.joined(separator: "\n")
    }

    private func path(_ line: Line) -> String {
        line.pieces.map { path($0, line.style) }.joined(separator: "\n")
    }

    private func path(_ piece: [(x: Double, y: Double)], _ style: String) -> String {
        if piece.count == 1, let point = piece.first {
            return
                "<circle class=\"dot \(style)\" cx=\"\(number(x(point.x)))\" cy=\"\(number(y(point.y)))\" r=\"3\"/>"
        }
        let points = piece.map { "\(number(x($0.x))),\(number(y($0.y)))" }.joined(separator: " ")
        return "<polyline class=\"line \(style)\" points=\"\(points)\"/>"
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : String(format: "%.4g", value)
    }
}

/// Text as HTML has it.
func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.append(character)
        }
    }
}
