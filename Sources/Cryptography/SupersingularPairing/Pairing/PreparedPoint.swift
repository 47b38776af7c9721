/// A point A of order q made ready to be paired with many: the lines of Miller's algorithm for [1/2]A, so that the square in
/// `DistortedPoint` is undone. A may be secret: making and using the table take the same path whatever A.
package final class PreparedPoint: Sendable {
    package let curve: TypeOneCurve
    private let table: LineTable

    /// Takes a point of order q.
    package init(_ a: CurvePoint) {
        curve = a.curve
        table = LineTable(a.multiplied(by: Scalar(curve.halfModQ, modulo: curve.q)))
    }

    /// e'(A, B) for a public B. Where B's order is not q but divides p + 1, e'(A, B)^((p + 1) / q) is e'(A, [(p + 1) / q] B).
    package func pairing(_ b: CurvePoint) -> PairingValue {
        let w = Workspace(curve.field, elements: 40)
        let t = DistortedPoint(w, b)
        let (xx, xy) = (w.element(), w.element())
        w.sqr(xx, t.x)
        w.mul(xy, t.x, t.y)
        let (f, value) = (w.pair(), w.pair())
        let c = (0..<4).map { _ in w.element() }
        w.setOne(f)
        var next = 0
        for step in table.steps {
            for index in 0..<step.coefficients { w.load(c[index], table.row, next + index) }
            next += step.coefficients
            switch step {
            case .tangent, .chord:
                // a x + c + y
                w.mul(value.real, c[0], t.x)
                w.add(value.real, value.real, c[1])
                w.copy(value.imaginary, t.y)
                if step == .tangent { w.sqr(f, f) }
            case .twoTangents:
                // c2 x^2 + c1 x + c0 - (x + d) y
                w.mulAddMul(value.real, c[0], xx, c[1], t.x)
                w.add(value.real, value.real, c[2])
                w.mul(value.imaginary, c[3], t.y)
                w.add(value.imaginary, value.imaginary, xy)
                w.neg(value.imaginary, value.imaginary)
                w.sqr(f, f)
                w.sqr(f, f)
            }
            w.mul(f, f, value)
        }
        let finish = FinalExponentiation(w, curve)
        finish(value, f, exponent: curve.cofactor)
        return finish.value(value)
    }
}
