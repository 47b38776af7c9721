/// T = phi(B) - phi^2(B), in place of phi(B) = (zeta x, y) of RFC 5091 4.5.2.
///
/// phi^2 + phi + 1 = 0, and points in F_p pair to 1, so e(A, T) = e(A, 2 phi(B) + B) = e(A, phi(B))^2. T has its x in F_p
/// and its y in i F_p, so that a line costs one or two products, and verticals (in F_p) vanish in the final exponentiation,
/// as those of phi(B) do not. The square is undone where it costs nothing: in a table of [1/2]A, or in the exponent.
struct DistortedPoint {
    /// x(T) = -(x^3 + 4) / (3 x^2).
    let x: Fp
    /// y(T) / i = (x^3 - 8) y / (6 b_zeta x^3).
    let y: Fp

    /// B is public: the time of its inversion tells about it. x = 0 (order 3) gives (0, 0), which pairs to some number.
    init(_ w: Workspace, _ b: CurvePoint) {
        let (bx, by) = b.load(into: w)
        let (zeta, inverse, cube, constant) = (w.element(), w.element(), w.element(), w.element())
        (x, y) = (w.element(), w.element())
        w.sqr(cube, bx)
        w.mul(cube, cube, bx)
        w.load(inverse, b.curve.zeta, 1)
        w.mul(inverse, inverse, cube)
        w.invert(inverse, inverse)  // 1 / (6 b_zeta x^3)
        w.set(constant, small: 4)
        w.add(x, cube, constant)
        w.neg(x, x)
        w.mul(x, x, inverse)
        w.mul(x, x, bx)
        w.load(zeta, b.curve.zeta, 0)
        w.double(zeta, zeta)
        w.mul(x, x, zeta)
        w.double(constant, constant)
        w.sub(y, cube, constant)
        w.mul(y, y, by)
        w.mul(y, y, inverse)
    }
}
