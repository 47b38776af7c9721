import CFieldArithmetic

/// A secret scalar in odd digits -(2^w - 1) ... 2^w - 1: as many for every scalar, none of them 0.
struct OddDigits {
    /// The sign (all ones for minus) and half the size less one half of each digit, least significant first.
    private(set) var digits: [(minus: UInt64, index: UInt64)] = []
    /// All ones where the digits stand for q - k, odd, in place of an even k.
    let negated: UInt64

    /// How many digits a scalar modulo q has.
    static func count(_ q: Natural, window: Int) -> Int { (q.bitCount + window - 1) / window }

    init(_ k: Scalar, window: Int) {
        let n = k.limbs.count
        let q = k.order.limbs(count: n)
        var limbs = Array(k.limbs)
        negated = (limbs[0] & 1) &- 1
        var borrow: UInt64 = 0
        for index in 0..<n {
            let (partial, first) = q[index].subtractingReportingOverflow(limbs[index])
            let (total, second) = partial.subtractingReportingOverflow(borrow)
            borrow = (first ? 1 : 0) | (second ? 1 : 0)
            limbs[index] ^= (limbs[index] ^ total) & negated
        }
        limbs.append(0)
        // Digit i takes the low w + 1 bits less 2^w. What is left, divided by 2^w, is odd again.
        for index in 0..<Self.count(k.order, window: window) {
            let last = index == Self.count(k.order, window: window) - 1
            let low = limbs[0] & (1 << UInt64(window + 1) - 1)
            // The last digit is what is left: positive.
            let value = last ? Int64(low) : Int64(low) - 1 << Int64(window)
            let minus = UInt64(bitPattern: value >> 63)
            let size = (UInt64(bitPattern: value) ^ minus) &- minus
            digits.append((minus, size >> 1))
            for place in 0..<n {
                limbs[place] = limbs[place] >> UInt64(window) | limbs[place + 1] << UInt64(64 - window)
            }
            limbs[n] >>= UInt64(window)
            limbs[0] |= 1
        }
        limbs.withUnsafeMutableBytes { fa_wipe($0.baseAddress, $0.count) }
    }
}

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
        func setPoint(_ r: ProjectivePoint) {
            w.copy(r.x, x)
            w.copy(r.y, y)
            w.setOne(r.z)
        }
        setPoint(sum)
        setPoint(entry)
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
        return affine(w, sum, negated: recoded.negated)
    }

    private func affine(_ w: Workspace, _ sum: ProjectivePoint, negated: UInt64) -> CurvePoint {
        CurvePoint(curve, w, sum, negated: negated)
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
