/// A point in Jacobian coordinates, (x / z^2, y / z^3); z = 0 is the point 0.
struct JacobianPoint {
    let x: Fp
    let y: Fp
    let z: Fp
}

/// Doubling and adding in Jacobian coordinates (RFC 5091 3.3).
struct JacobianArithmetic {
    private let w: Workspace
    private let t: [Fp]

    /// Takes seven elements of the workspace.
    init(_ w: Workspace) {
        self.w = w
        t = (0..<7).map { _ in w.element() }
    }

    func point() -> JacobianPoint { JacobianPoint(x: w.element(), y: w.element(), z: w.element()) }

    func set(_ v: JacobianPoint, _ x: Fp, _ y: Fp) {
        w.copy(v.x, x)
        w.copy(v.y, y)
        w.setOne(v.z)
    }

    /// RFC 5091 3.3.1, ProjectivePointDouble1, in place.
    func double(_ v: JacobianPoint) {
        let (xx, yy, yyyy, slope, s) = (t[0], t[1], t[2], t[3], t[4])
        w.sqr(xx, v.x)
        w.sqr(yy, v.y)
        w.sqr(yyyy, yy)
        w.triple(slope, xx)  // lambda_1
        // 2 X Y^2, doubled below: lambda_3
        w.add(s, v.x, yy)
        w.sqr(s, s)
        w.sub(s, s, xx)
        w.sub(s, s, yyyy)
        w.double(s, s)
        // Z' = 2 Y Z
        w.mul(v.z, v.y, v.z)
        w.double(v.z, v.z)
        w.sqr(v.x, slope)
        w.sub(v.x, v.x, s)
        w.sub(v.x, v.x, s)
        w.sub(s, s, v.x)
        w.mul(v.y, slope, s)
        w.double(yyyy, yyyy)
        w.double(yyyy, yyyy)
        w.double(yyyy, yyyy)
        w.sub(v.y, v.y, yyyy)
    }

    /// RFC 5091 3.3.2, ProjectivePointAccumulate1, in place, where v and (x, y) are neither 0 nor equal nor opposite.
    func add(_ v: JacobianPoint, _ x: Fp, _ y: Fp) {
        let (zz, h, r, hh, hhh, s) = (t[0], t[1], t[2], t[3], t[4], t[5])
        w.sqr(zz, v.z)
        w.mul(h, x, zz)
        w.sub(h, h, v.x)
        w.mul(r, y, zz)
        w.mul(r, r, v.z)
        w.sub(r, r, v.y)
        w.mul(v.z, v.z, h)
        w.sqr(hh, h)
        w.mul(hhh, hh, h)
        w.mul(s, v.x, hh)
        w.sqr(v.x, r)
        w.sub(v.x, v.x, hhh)
        w.sub(v.x, v.x, s)
        w.sub(v.x, v.x, s)
        w.sub(s, s, v.x)
        w.mul(s, s, r)
        w.mul(hhh, hhh, v.y)
        w.sub(v.y, s, hhh)
    }

    /// v + (x, y) in every case.
    func addInEveryCase(_ v: JacobianPoint, _ x: Fp, _ y: Fp) {
        guard !w.isZero(v.z) else { return set(v, x, y) }
        let (scaled, zz) = (t[0], t[6])
        w.sqr(zz, v.z)
        w.mul(scaled, x, zz)
        guard w.isEqual(scaled, v.x) else { return add(v, x, y) }
        w.mul(scaled, y, zz)
        w.mul(scaled, scaled, v.z)
        if w.isEqual(scaled, v.y) { double(v) } else { w.setZero(v.z) }
    }

    /// [k](x, y) by k's digits -1, 0, 1. For public numbers; the path also shows where a partial sum is 0.
    func multiply(_ x: Fp, _ y: Fp, by k: Natural) -> JacobianPoint {
        let v = point()
        let negative = w.element()
        w.neg(negative, y)
        w.setOne(v.x)
        w.setOne(v.y)
        for digit in k.nonAdjacentForm.reversed() {
            double(v)
            if digit == 1 { addInEveryCase(v, x, y) }
            if digit == -1 { addInEveryCase(v, x, negative) }
        }
        return v
    }

    /// [k](x, y) by windows of five bits: RFC 5091 3.2.2, PointMultiply. For public points and numbers.
    func multiplyByWindows(_ x: Fp, _ y: Fp, by k: Natural) -> JacobianPoint {
        let window = 5
        let odd = oddMultiples(x, y, count: 1 << (window - 2))
        let v = point()
        let (entryX, entryY) = (w.element(), w.element())
        w.setOne(v.x)
        w.setOne(v.y)
        let digits = k.signedWindows(window)
        var exponent = digits.last?.exponent ?? 0
        for (digit, place) in digits.reversed() {
            for _ in place..<exponent { double(v) }
            exponent = place
            let index = abs(digit) / 2
            // A multiple that is 0 adds nothing.
            guard let entry = odd[index] else { continue }
            w.copy(entryX, entry.x)
            if digit > 0 { w.copy(entryY, entry.y) } else { w.neg(entryY, entry.y) }
            addInEveryCase(v, entryX, entryY)
        }
        for _ in 0..<exponent { double(v) }
        return v
    }

    /// [1], [3], [5] ... of (x, y) in affine coordinates, with nil for 0. Takes 3 count + 8 elements of the workspace.
    private func oddMultiples(_ x: Fp, _ y: Fp, count: Int) -> [(x: Fp, y: Fp)?] {
        let (twoX, twoY, inverse) = (w.element(), w.element(), w.element())
        let v = point()
        set(v, x, y)
        double(v)
        let isTwoZero = w.isZero(v.z)
        w.invert(inverse, v.z)
        toAffine(v, inverse, twoX, twoY)
        set(v, x, y)
        var multiples: [(x: Fp, y: Fp)?] = []
        var found: [JacobianPoint] = []
        var depths = SharedInversion(w, limit: count)
        for index in 0..<count {
            if index > 0, !isTwoZero { addInEveryCase(v, twoX, twoY) }
            guard !w.isZero(v.z) else {
                multiples.append(nil)
                continue
            }
            let multiple = point()
            w.copy(multiple.x, v.x)
            w.copy(multiple.y, v.y)
            w.copy(multiple.z, v.z)
            found.append(multiple)
            multiples.append((multiple.x, multiple.y))
            depths.append(v.z)
        }
        depths.invertAll { index, inverse in toAffine(found[index], inverse, found[index].x, found[index].y) }
        return multiples
    }

    /// (rx, ry) = (x / z^2, y / z^3), with 1 / z given.
    func toAffine(_ v: JacobianPoint, _ inverse: Fp, _ rx: Fp, _ ry: Fp) {
        w.sqr(t[0], inverse)
        w.mul(rx, v.x, t[0])
        w.mul(t[0], t[0], inverse)
        w.mul(ry, v.y, t[0])
    }
}
