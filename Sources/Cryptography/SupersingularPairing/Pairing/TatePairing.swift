extension TypeOneCurve {
    /// e'(A, B), the modified Tate pairing of RFC 5091 4.5.2, for public points of order q.
    ///
    /// Miller's algorithm (3.5.2) on T of `DistortedPoint`, without the denominators that vanish, gives e'(A, B)^2. Since
    /// (p + 1) / q is even, its half in the exponent gives e'(A, B) or its opposite; which, the quadratic character of f's norm tells.
    package func pairing(_ a: CurvePoint, _ b: CurvePoint) -> PairingValue {
        let w = Workspace(field, elements: 48)
        let jacobian = JacobianArithmetic(w)
        let (x, y) = a.load(into: w)
        let negative = w.element()
        w.neg(negative, y)
        let t = DistortedPoint(w, b)
        let v = jacobian.point()
        w.copy(v.x, x)
        w.copy(v.y, y)
        w.setOne(v.z)
        let line = jacobian.line()
        let (f, value) = (w.pair(), w.pair())
        w.setOne(f)

        func accumulate() {
            w.mul(value.real, line.a, t.x)
            w.add(value.real, value.real, line.c)
            w.mul(value.imaginary, line.b, t.y)
            w.mul(f, f, value)
        }
        for index in stride(from: orderDigits.count - 2, through: 0, by: -1) {
            w.sqr(f, f)
            jacobian.double(v, line)
            accumulate()
            // The last addition is of opposite points: its line is vertical.
            guard index > 0, orderDigits[index] != 0 else { continue }
            jacobian.add(v, x, orderDigits[index] == 1 ? y : negative, line)
            accumulate()
        }

        let (norm, square) = (w.element(), w.element())
        w.sqr(norm, f.real)
        w.sqr(square, f.imaginary)
        w.add(norm, norm, square)
        let finish = FinalExponentiation(w, self)
        finish(value, f, exponent: cofactor.dividing(by: Natural(2)).quotient)
        if w.characterPublic(norm) == -1 {
            w.neg(value.real, value.real)
            w.neg(value.imaginary, value.imaginary)
        }
        return finish.value(value)
    }
}
