import Primitives

/// An element of norm 1 of F_p^2: a value of the pairing, or a power of one. Wiped at its end.
package struct PairingValue: Sendable {
    package let curve: TypeOneCurve
    /// a, b of a + b i, and 1 / (2 b), which the power ladder needs at its end.
    let parts: FieldRow

    init(_ curve: TypeOneCurve, _ w: Workspace, _ value: Fp2, halfInverse: Fp) {
        self.curve = curve
        parts = FieldRow(w, value.real, value.imaginary, halfInverse)
    }

    /// RFC 5091 4.3.2, Canonical(p, 2, 0, v): the real part, then the imaginary one, each in as many octets as p has.
    package var canonical: SecretBytes { parts.octets()[0..<2 * curve.field.octetCount] }

    /// Whether the value is 1 or -1 or no value of the pairing at all, as points of another order than q give.
    package var isDegenerate: Bool {
        let w = Workspace(curve.field, elements: 1)
        let imaginary = w.element()
        w.load(imaginary, parts, 1)
        return w.isZero(imaginary)
    }

    /// The value to the power of a secret number: the same path whatever the number and the value.
    package func power(_ exponent: Scalar) -> SecretBytes {
        let w = Workspace(curve.field, elements: 12)
        let (base, result) = (w.pair(), w.pair())
        let halfInverse = w.element()
        w.load(base.real, parts, 0)
        w.load(base.imaginary, parts, 1)
        w.load(halfInverse, parts, 2)
        UnitaryLadder(w).power(
            result, base, halfInverse: halfInverse, exponent: UnsafeBufferPointer(exponent.limbs),
            bits: curve.q.bitCount)
        return FieldRow(w, result.real, result.imaginary).octets()
    }
}

extension PairingValue: Equatable {
    /// Compares in constant time.
    package static func == (a: PairingValue, b: PairingValue) -> Bool { a.canonical == b.canonical }
}

/// Powers in the group of norm 1, through traces: for g = a + b i, V_k = g^k + g^-k = 2 Re(g^k) follows
/// V_(2k) = V_k^2 - 2 and V_(2k+1) = V_k V_(k+1) - 2 a. A bit of the exponent costs a product and a square.
struct UnitaryLadder {
    private let w: Workspace
    private let trace: Fp
    private let low: Fp
    private let high: Fp
    private let two: Fp

    /// Takes four elements of the workspace.
    init(_ w: Workspace) {
        self.w = w
        (trace, low, high, two) = (w.element(), w.element(), w.element(), w.element())
        w.set(two, small: 2)
    }

    /// r = g^exponent, with 1 / (2 Im g) given. The path depends on `bits` alone. r is not g.
    func power(_ r: Fp2, _ g: Fp2, halfInverse: Fp, exponent: some RandomAccessCollection<UInt64>, bits: Int) {
        w.double(trace, g.real)
        w.copy(low, two)
        w.copy(high, trace)
        var swapped: UInt64 = 0
        for index in stride(from: bits - 1, through: 0, by: -1) {
            let bit = exponent[exponent.index(exponent.startIndex, offsetBy: index / 64)] >> (index % 64) & 1
            w.swap(low, high, mask: 0 &- (bit ^ swapped))
            swapped = bit
            w.mul(high, low, high)
            w.sub(high, high, trace)
            w.sqr(low, low)
            w.sub(low, low, two)
        }
        w.swap(low, high, mask: 0 &- swapped)
        // V_(k+1) = 2 (a Re - b Im)
        w.mul(r.imaginary, g.real, low)
        w.sub(r.imaginary, r.imaginary, high)
        w.mul(r.imaginary, r.imaginary, halfInverse)
        w.half(r.real, low)
    }
}
