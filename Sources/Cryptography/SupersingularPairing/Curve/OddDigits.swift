import CFieldArithmetic

/// A secret scalar in odd digits -(2^w - 1) ... 2^w - 1: as many for every scalar, none of them 0. Wiped at its end.
final class OddDigits {
    /// A digit: all ones for minus, and half of its size less one.
    struct Digit {
        let minus: UInt64
        let index: UInt64
    }

    /// Least significant first.
    private(set) var digits: [Digit] = []
    /// All ones where the digits stand for q - k, odd, in place of an even k.
    let negated: UInt64

    /// How many digits a scalar modulo q has.
    static func count(_ q: Natural, window: Int) -> Int { (q.bitCount + window - 1) / window }

    init(_ k: Scalar, window: Int) {
        let n = k.limbs.count
        let count = Self.count(k.order, window: window)
        digits.reserveCapacity(count)
        var limbs = [UInt64](repeating: 0, count: n + 1)
        negated = (k.limbs[0] & 1) &- 1
        // k or q - k, whichever is odd
        var borrow: UInt64 = 0
        for (index, limb) in k.order.limbs.enumerated() {
            let (partial, first) = limb.subtractingReportingOverflow(k.limbs[index])
            let (total, second) = partial.subtractingReportingOverflow(borrow)
            borrow = (first ? 1 : 0) | (second ? 1 : 0)
            limbs[index] = k.limbs[index] ^ ((k.limbs[index] ^ total) & negated)
        }
        // A digit is the low w + 1 bits less 2^w, and what is left, divided by 2^w, is odd again. The last one is what is left.
        for place in 0..<count {
            let low = limbs[0] & (1 << UInt64(window + 1) - 1)
            let value = low &- (place < count - 1 ? 1 << UInt64(window) : 0)
            let minus = 0 &- (value >> 63)
            digits.append(Digit(minus: minus, index: ((value ^ minus) &- minus) >> 1))
            for index in 0..<n {
                limbs[index] = limbs[index] >> UInt64(window) | limbs[index + 1] << UInt64(64 - window)
            }
            limbs[0] |= 1
        }
        limbs.withUnsafeMutableBytes { fa_wipe($0.baseAddress, $0.count) }
    }

    deinit { digits.withUnsafeMutableBytes { fa_wipe($0.baseAddress, $0.count) } }
}
