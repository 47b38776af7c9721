/// A point A of order q made ready to be paired with many: the lines of Miller's algorithm for [1/2]A, so that the square in
/// `DistortedPoint` is undone. A may be secret: making and using the table take the same path whatever A.
package final class PreparedPoint: Sendable {
    package let curve: TypeOneCurve
    /// a / b and c / b of each line in turn.
    private let lines: FieldRow

    /// Takes a point of order q.
    package init(_ a: CurvePoint) {
        curve = a.curve
        let half = a.multiplied(by: Scalar(curve.halfModQ, modulo: curve.q))
        lines = Self.lines(of: half)
    }

    /// e'(A, B) for a public B. Where B's order is not q but divides p + 1, e'(A, B)^((p + 1) / q) is e'(A, [(p + 1) / q] B).
    package func pairing(_ b: CurvePoint) -> PairingValue {
        let w = Workspace(curve.field, elements: 40)
        let t = DistortedPoint(w, b)
        let (f, value) = (w.pair(), w.pair())
        let slope = w.element()
        w.setOne(f)
        var next = 0
        func accumulate() {
            w.load(slope, lines, next)
            w.load(value.real, lines, next + 1)
            next += 2
            w.mul(slope, slope, t.x)
            w.add(value.real, value.real, slope)
            w.copy(value.imaginary, t.y)
            w.mul(f, f, value)
        }
        for index in stride(from: curve.orderDigits.count - 2, through: 0, by: -1) {
            w.sqr(f, f)
            accumulate()
            if index > 0, curve.orderDigits[index] != 0 { accumulate() }
        }
        let finish = FinalExponentiation(w, curve)
        finish(value, f, exponent: curve.cofactor)
        return finish.value(value)
    }

    private static func lines(of a: CurvePoint) -> FieldRow {
        let curve = a.curve
        let count = MillerWalk.steps(curve.orderDigits).count
        let lines = FieldRow(curve.field, count: 2 * count)
        let divisors = FieldRow(curve.field, count: count)
        let products = FieldRow(curve.field, count: count)
        let w = Workspace(curve.field, elements: 24)
        let walk = MillerWalk(w, a)
        let line = Line(a: w.element(), b: w.element(), c: w.element())
        let (product, inverse) = (w.element(), w.element())
        w.setOne(product)
        var next = 0
        walk { _, line in
            w.store(line.a, lines, 2 * next)
            w.store(line.c, lines, 2 * next + 1)
            w.store(line.b, divisors, next)
            w.store(product, products, next)
            w.mul(product, product, line.b)
            next += 1
        }
        // One inversion for all divisors b.
        w.invert(product, product)
        for index in stride(from: count - 1, through: 0, by: -1) {
            w.load(inverse, products, index)
            w.mul(inverse, inverse, product)
            w.load(line.b, divisors, index)
            w.mul(product, product, line.b)
            w.load(line.a, lines, 2 * index)
            w.load(line.c, lines, 2 * index + 1)
            w.mul(line.a, line.a, inverse)
            w.mul(line.c, line.c, inverse)
            w.store(line.a, lines, 2 * index)
            w.store(line.c, lines, 2 * index + 1)
        }
        return lines
    }
}
