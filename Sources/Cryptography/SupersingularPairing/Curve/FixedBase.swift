/// Multiples of a fixed point of order q: [j 2^(w i)] of it for every odd j below 2^w and every digit i of a scalar.
package final class FixedBase: Sendable {
    private static let window = 5
    private let curve: TypeOneCurve
    private let table: FieldRow

    /// Takes a point of order q, public.
    package init(_ point: CurvePoint) {
        curve = point.curve
        let digits = OddDigits.count(curve.q, window: Self.window)
        let entries = 1 << (Self.window - 1)
        table = FieldRow(curve.field, count: 2 * entries * digits)
        let w = Workspace(curve.field, elements: 40)
        let complete = CompleteArithmetic(w)
        let (x, y) = point.load(into: w)
        let (base, double, entry) = (complete.point(), complete.point(), complete.point())
        complete.set(base, x, y)
        var depths = SharedInversion(w, limit: entries * digits)
        for digit in 0..<digits {
            complete.copy(entry, base)
            complete.copy(double, base)
            complete.double(double)
            for index in 0..<entries {
                if index > 0 { complete.add(entry, entry, double) }
                w.store(entry.x, table, 2 * (digit * entries + index))
                w.store(entry.y, table, 2 * (digit * entries + index) + 1)
                depths.append(entry.z)
            }
            for _ in 0..<Self.window { complete.double(base) }
        }
        depths.invertAll { place, inverse in
            for coordinate in 2 * place...2 * place + 1 {
                w.load(x, table, coordinate)
                w.mul(x, x, inverse)
                w.store(x, table, coordinate)
            }
        }
    }

    /// [k] of the point for a secret k other than 0: the same path whatever k.
    package func multiplied(by k: Scalar) -> CurvePoint {
        let w = Workspace(curve.field, elements: 24)
        let complete = CompleteArithmetic(w)
        let sum = complete.point()
        complete.setZero(sum)
        let (x, y, negative) = (w.element(), w.element(), w.element())
        let entries = 1 << (Self.window - 1)
        let recoded = OddDigits(k, window: Self.window)
        for (place, digit) in recoded.digits.enumerated() {
            w.lookUp([x, y], table, first: 2 * entries * place, entries: entries, index: digit.index)
            w.neg(negative, y)
            w.assign(y, negative, mask: digit.minus)
            complete.add(sum, sum, x, y)
        }
        return CurvePoint(curve, w, sum, negated: recoded.negated)
    }
}
