/// f^((p^2 - 1) / q), the last step of RFC 5091 3.5.2, as (f^(p - 1))^((p + 1) / q).
struct FinalExponentiation {
    private let w: Workspace
    private let curve: TypeOneCurve

    init(_ w: Workspace, _ curve: TypeOneCurve) {
        self.w = w
        self.curve = curve
    }

    /// r = f^((p - 1) exponent). Takes elements of the workspace: 11.
    func callAsFunction(_ r: Fp2, _ f: Fp2, exponent: Natural) {
        // f^p is f's conjugate. g = f^(p-1) = (a^2 - b^2 - 2 a b i) / N for f = a + b i, N = a^2 + b^2.
        // One inversion, of N a b, gives 1 / N and 1 / (2 Im g) = -N / (4 a b).
        let g = w.pair()
        let (aa, bb, ab, norm, inverse) = (w.element(), w.element(), w.element(), w.element(), w.element())
        w.sqr(aa, f.real)
        w.sqr(bb, f.imaginary)
        w.mul(ab, f.real, f.imaginary)
        w.add(norm, aa, bb)
        w.mul(inverse, norm, ab)
        w.invert(inverse, inverse)
        w.sub(g.real, aa, bb)
        w.mul(aa, inverse, ab)  // 1 / N
        w.mul(g.real, g.real, aa)
        w.double(ab, ab)
        w.neg(ab, ab)
        w.mul(g.imaginary, ab, aa)
        w.sqr(norm, norm)
        w.mul(inverse, inverse, norm)
        w.half(inverse, inverse)
        w.half(inverse, inverse)
        w.neg(inverse, inverse)  // - N / (4 a b)
        UnitaryLadder(w).power(
            r, g, halfInverse: inverse, exponent: exponent.limbs, bits: exponent.bitCount)
    }

    /// The value with what its powers need.
    func value(_ v: Fp2) -> PairingValue {
        let halfInverse = w.element()
        w.double(halfInverse, v.imaginary)
        w.invert(halfInverse, halfInverse)
        return PairingValue(curve, w, v, halfInverse: halfInverse)
    }
}
