extension CurvePoint {
    /// [k] of a point of order q (RFC 5091 3.2) for a secret k other than 0 and a secret point: windows of five bits in odd
    /// digits, a table that is read whole, formulas without exceptions, so the same path whatever k and the point.
    package func multiplied(by k: Scalar) -> CurvePoint {
        let window = 5
        let w = Workspace(curve.field, elements: 32)
        let complete = CompleteArithmetic(w)
        let (x, y) = load(into: w)
        let (sum, entry) = (complete.point(), complete.point())
        // [1], [3] ... [2^w - 1] of the point
        let table = FieldRow(curve.field, count: 3 << (window - 1))
        complete.set(sum, x, y)
        complete.set(entry, x, y)
        complete.double(sum)
        for index in 0..<1 << (window - 1) {
            if index > 0 { complete.add(entry, entry, sum) }
            w.store(entry.x, table, 3 * index)
            w.store(entry.y, table, 3 * index + 1)
            w.store(entry.z, table, 3 * index + 2)
        }
        let recoded = OddDigits(k, window: window)
        let negative = w.element()
        complete.setZero(sum)
        for digit in recoded.digits.reversed() {
            for _ in 0..<window { complete.double(sum) }
            w.lookUp([entry.x, entry.y, entry.z], table, first: 0, entries: 1 << (window - 1), index: digit.index)
            w.neg(negative, entry.y)
            w.assign(entry.y, negative, mask: digit.minus)
            complete.add(sum, sum, entry)
        }
        return CurvePoint(curve, w, sum, negated: recoded.negated)
    }

    /// The point in affine coordinates, or its opposite where the mask is all ones.
    init(_ curve: TypeOneCurve, _ w: Workspace, _ sum: ProjectivePoint, negated: UInt64) {
        let negative = w.element()
        w.neg(negative, sum.y)
        w.assign(sum.y, negative, mask: negated)
        w.invert(sum.z, sum.z)
        w.mul(sum.x, sum.x, sum.z)
        w.mul(sum.y, sum.y, sum.z)
        self.init(curve, w, x: sum.x, y: sum.y)
    }
}
