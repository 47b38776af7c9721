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
        w.copy(base.x, x)
        w.copy(base.y, y)
        w.setOne(base.z)
        let depth = FieldRow(curve.field, count: entries * digits)
        let products = FieldRow(curve.field, count: entries * digits)
        let product = w.element()
        w.setOne(product)
        for digit in 0..<digits {
            w.copy(entry.x, base.x)
            w.copy(entry.y, base.y)
            w.copy(entry.z, base.z)
            w.copy(double.x, base.x)
            w.copy(double.y, base.y)
            w.copy(double.z, base.z)
            complete.double(double)
            for index in 0..<entries {
                if index > 0 { complete.add(entry, entry, double) }
                let place = digit * entries + index
                w.store(entry.x, table, 2 * place)
                w.store(entry.y, table, 2 * place + 1)
                w.store(entry.z, depth, place)
                w.store(product, products, place)
                w.mul(product, product, entry.z)
            }
            for _ in 0..<Self.window { complete.double(base) }
        }
        w.invert(product, product)
        for place in stride(from: entries * digits - 1, through: 0, by: -1) {
            w.load(entry.z, products, place)
            w.mul(entry.z, entry.z, product)
            w.load(double.z, depth, place)
            w.mul(product, product, double.z)
            w.load(entry.x, table, 2 * place)
            w.load(entry.y, table, 2 * place + 1)
            w.mul(entry.x, entry.x, entry.z)
            w.mul(entry.y, entry.y, entry.z)
            w.store(entry.x, table, 2 * place)
            w.store(entry.y, table, 2 * place + 1)
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
