/// The lines of Miller's algorithm for a fixed point, each scaled to the coefficient 1 of y, with tangents in a row joined in pairs.
struct LineTable: Sendable {
    /// What multiplies f, and how it is written in the table.
    enum Step: Sendable {
        /// f^2 (a x + y + c): a, c.
        case tangent
        /// f (a x + y + c): a, c.
        case chord
        /// f^4 (c2 x^2 + c1 x + c0 - (x + d) y): c2, c1, c0, d.
        case twoTangents

        var coefficients: Int { self == .twoTangents ? 4 : 2 }
    }

    let steps: [Step]
    let row: FieldRow

    /// Walks through the multiples of a point of order q, which may be secret.
    init(_ a: CurvePoint) {
        let curve = a.curve
        let walked = MillerWalk.steps(curve.orderDigits)
        steps = Self.joined(walked)
        row = FieldRow(curve.field, count: steps.reduce(0) { $0 + $1.coefficients })
        let w = Workspace(curve.field, elements: 40)
        let scaled = ScaledLines(w, a, count: walked.count)
        let joining = Joining(w)
        let (a, c, a2, c2, x) = (w.element(), w.element(), w.element(), w.element(), w.element())
        var (line, place) = (0, 0)
        for step in steps {
            scaled.load(line, a, c, x)
            line += 1
            switch step {
            case .tangent, .chord:
                w.store(a, row, place)
                w.store(c, row, place + 1)
            case .twoTangents:
                scaled.load(line, a2, c2, x)
                line += 1
                for (index, coefficient) in joining(a, c, a2, c2, x).enumerated() {
                    w.store(coefficient, row, place + index)
                }
            }
            place += step.coefficients
        }
    }

    private static func joined(_ walked: [MillerWalk.Step]) -> [Step] {
        var steps: [Step] = []
        for step in walked {
            switch step {
            case .chord: steps.append(.chord)
            case .tangent:
                if steps.last == .tangent { steps[steps.count - 1] = .twoTangents } else { steps.append(.tangent) }
            }
        }
        return steps
    }
}

/// The lines of a walk scaled to a x + y + c, and the x of the point that each begins at. One inversion for all.
private struct ScaledLines {
    private let w: Workspace
    private let row: FieldRow

    init(_ w: Workspace, _ a: CurvePoint, count: Int) {
        self.w = w
        // a, c, X; b and Z, by which they are divided
        row = FieldRow(w.field, count: 5 * count)
        let row = row
        let walk = MillerWalk(w, a)
        var divisors = SharedInversion(w, limit: count)
        let (product, element) = (w.element(), w.element())
        var line = 0
        walk { start, _, found in
            for (index, element) in [found.a, found.c, start.x, found.b, start.z].enumerated() {
                w.store(element, row, 5 * line + index)
            }
            w.mul(product, found.b, start.z)
            divisors.append(product)
            line += 1
        }
        divisors.invertAll { line, inverse in
            // 1 / (b Z), times Z for the coefficients of the line and times b for X
            for (index, factor) in [(0, 4), (1, 4), (2, 3)] {
                w.load(element, row, 5 * line + factor)
                w.mul(product, inverse, element)
                w.load(element, row, 5 * line + index)
                w.mul(element, element, product)
                w.store(element, row, 5 * line + index)
            }
        }
    }

    func load(_ line: Int, _ a: Fp, _ c: Fp, _ x: Fp) {
        w.load(a, row, 5 * line)
        w.load(c, row, 5 * line + 1)
        w.load(x, row, 5 * line + 2)
    }
}

/// Two tangents in a row as one function. With l = y - s x - n the tangent at V and m = y - u x - v that at 2 V,
/// l^2 m = (x - x(2 V))^2 g, where y^2 = x^3 + 1 makes g = (x + d) y - (c2 x^2 + c1 x + c0); the square is in F_p and vanishes.
private struct Joining {
    private let w: Workspace
    private let c2: Fp
    private let c1: Fp
    private let c0: Fp
    private let d: Fp
    private let t: Fp
    private let ss: Fp

    init(_ w: Workspace) {
        self.w = w
        (c2, c1, c0, d, t, ss) = (w.element(), w.element(), w.element(), w.element(), w.element(), w.element())
    }

    /// From lines a x + y + c (so s = -a, n = -c and so on) and x(2 V), which becomes its double: c2, c1, c0, d.
    func callAsFunction(_ a: Fp, _ c: Fp, _ a2: Fp, _ c2Line: Fp, _ x: Fp) -> [Fp] {
        w.sqr(ss, a)
        // d = s^2 + 2 s u + 2 x
        w.mul(d, a, a2)
        w.double(d, d)
        w.add(d, d, ss)
        // x^2 of the numerator: s^2 v + 2 s n u; c0 gathers it, with the signs of a and c
        w.mul(c0, a, c)
        w.mul(c0, c0, a2)
        w.double(c0, c0)
        w.mul(t, ss, c2Line)
        w.add(c0, c0, t)
        w.neg(c0, c0)
        // x^3: v + s^2 u + 2 n
        w.mul(c1, ss, a2)
        w.add(c1, c1, c2Line)
        w.add(c1, c1, c)
        w.add(c1, c1, c)
        w.neg(c1, c1)
        // x^4: u + 2 s
        w.double(c2, a)
        w.add(c2, c2, a2)
        w.neg(c2, c2)
        // Division by x^2 - 2 x(2V) x + x(2V)^2
        w.sqr(ss, x)
        w.double(x, x)
        w.add(d, d, x)
        w.mul(t, x, c2)
        w.add(c1, c1, t)
        w.mul(t, x, c1)
        w.add(c0, c0, t)
        w.mul(t, ss, c2)
        w.sub(c0, c0, t)
        return [c2, c1, c0, d]
    }
}
