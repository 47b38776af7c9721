/// A point in homogeneous coordinates, (x / z, y / z); (0 : 1 : 0) is the point 0.
struct ProjectivePoint {
    let x: Fp
    let y: Fp
    let z: Fp
}

/// Addition formulas without exceptions among points of odd order, so that secret scalars meet no branch
/// (Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves", algorithms 7 to 9 with a = 0, b = 1).
struct CompleteArithmetic {
    private let w: Workspace
    private let t: [Fp]

    /// Takes eight elements of the workspace.
    init(_ w: Workspace) {
        self.w = w
        t = (0..<8).map { _ in w.element() }
    }

    func point() -> ProjectivePoint { ProjectivePoint(x: w.element(), y: w.element(), z: w.element()) }

    func setZero(_ r: ProjectivePoint) {
        w.setZero(r.x)
        w.setOne(r.y)
        w.setZero(r.z)
    }

    func set(_ r: ProjectivePoint, _ x: Fp, _ y: Fp) {
        w.copy(r.x, x)
        w.copy(r.y, y)
        w.setOne(r.z)
    }

    func copy(_ r: ProjectivePoint, _ a: ProjectivePoint) {
        w.copy(r.x, a.x)
        w.copy(r.y, a.y)
        w.copy(r.z, a.z)
    }

    /// r = a + b.
    func add(_ r: ProjectivePoint, _ a: ProjectivePoint, _ b: ProjectivePoint) {
        let (xx, yy, zz, xy, yz, xz, s) = (t[0], t[1], t[2], t[3], t[4], t[5], t[6])
        w.mul(xx, a.x, b.x)
        w.mul(yy, a.y, b.y)
        w.mul(zz, a.z, b.z)
        cross(xy, a.x, a.y, b.x, b.y, xx, yy)
        cross(yz, a.y, a.z, b.y, b.z, yy, zz)
        cross(xz, a.x, a.z, b.x, b.z, xx, zz)
        w.triple(s, zz)
        combine(r, xx, yy, s, xy, yz, xz)
    }

    /// r = a + (x, y).
    func add(_ r: ProjectivePoint, _ a: ProjectivePoint, _ x: Fp, _ y: Fp) {
        let (xx, yy, xy, yz, xz, s) = (t[0], t[1], t[3], t[4], t[5], t[6])
        w.mul(xx, a.x, x)
        w.mul(yy, a.y, y)
        cross(xy, a.x, a.y, x, y, xx, yy)
        w.mul(yz, y, a.z)
        w.add(yz, yz, a.y)
        w.mul(xz, x, a.z)
        w.add(xz, xz, a.x)
        w.triple(s, a.z)
        combine(r, xx, yy, s, xy, yz, xz)
    }

    /// v = 2 v.
    func double(_ v: ProjectivePoint) {
        let (yy, s, zz, u, product) = (t[0], t[1], t[2], t[3], t[4])
        w.sqr(yy, v.y)
        w.mul(product, v.x, v.y)
        w.mul(u, v.y, v.z)
        w.sqr(zz, v.z)
        w.triple(s, zz)  // 3 b Z^2
        w.double(v.z, yy)
        w.double(v.z, v.z)
        w.double(v.z, v.z)  // 8 Y^2
        w.mul(v.x, s, v.z)
        w.add(v.y, yy, s)
        w.mul(v.z, u, v.z)
        w.triple(zz, s)
        w.sub(yy, yy, zz)
        w.mul(v.y, yy, v.y)
        w.add(v.y, v.x, v.y)
        w.mul(v.x, yy, product)
        w.double(v.x, v.x)
    }

    /// r = (a1 + a2)(b1 + b2) - p1 - p2 = a1 b2 + a2 b1.
    private func cross(_ r: Fp, _ a1: Fp, _ a2: Fp, _ b1: Fp, _ b2: Fp, _ p1: Fp, _ p2: Fp) {
        w.add(r, a1, a2)
        w.add(t[7], b1, b2)
        w.mul(r, r, t[7])
        w.sub(r, r, p1)
        w.sub(r, r, p2)
    }

    /// The common end: xx, yy are products of coordinates, s is 3 b zz, xy, yz, xz sums of mixed products.
    private func combine(_ r: ProjectivePoint, _ xx: Fp, _ yy: Fp, _ s: Fp, _ xy: Fp, _ yz: Fp, _ xz: Fp) {
        let (minus, plus) = (t[7], t[2])
        w.triple(plus, xx)
        w.copy(xx, plus)  // 3 X X'
        w.add(plus, yy, s)
        w.sub(minus, yy, s)
        w.triple(s, xz)  // 3 b (X Z' + X' Z)
        // X = xy minus - yz s, Y = minus plus + s xx, Z = yz plus + xx xy
        w.neg(yy, s)
        w.mulAddMul(r.x, xy, minus, yz, yy)
        w.mulAddMul(r.y, minus, plus, s, xx)
        w.mulAddMul(r.z, yz, plus, xx, xy)
    }
}
