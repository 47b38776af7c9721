extension TypeOneCurve {
    /// e'(A, B), the modified Tate pairing of RFC 5091 4.5.2, for public points of order q.
    ///
    /// Miller's algorithm (3.5.2) on T of `DistortedPoint`, without the denominators that vanish, gives e'(A, B)^2. Since
    /// (p + 1) / q is even, its half in the exponent gives e'(A, B) or its opposite; which, the quadratic character of f's norm tells.
    package func pairing(_ a: CurvePoint, _ b: CurvePoint) -> PairingValue {
        let w = Workspace(field, elements: 56)
        let walk = MillerWalk(w, a)
        let t = DistortedPoint(w, b)
        let (f, value) = (w.pair(), w.pair())
        w.setOne(f)
        walk { _, step, line in
            w.mul(value.real, line.a, t.x)
            w.add(value.real, value.real, line.c)
            w.mul(value.imaginary, line.b, t.y)
            if step == .tangent { w.sqr(f, f) }
            w.mul(f, f, value)
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
