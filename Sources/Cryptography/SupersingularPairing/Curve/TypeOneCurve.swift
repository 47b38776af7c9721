/// A type-1 curve of RFC 5091 (2.1): y^2 = x^3 + 1 over F_p, p = 11 mod 12, with its subgroup of prime order q, which
/// divides p + 1. Immutable; its constants are made once.
package final class TypeOneCurve: Sendable {
    package let field: PrimeField
    /// p.
    package var p: Natural { field.modulus }
    /// q.
    package let q: Natural
    /// (p + 1) / q: 12 r of RFC 5091 5.1.2.
    package let cofactor: Natural
    /// q in digits -1, 0, 1, least significant first: the steps of Miller's algorithm. A Solinas prime has three digits other than 0.
    let orderDigits: [Int8]
    /// (2 p - 1) / 3, the exponent of cube roots: 3 does not divide p - 1.
    let cubeRootExponent: Natural
    /// (q + 1) / 2 = 1/2 mod q.
    let halfModQ: Natural
    /// [0] b_zeta = -3^((p + 1) / 4) / 2 (RFC 5091 4.5.2 as docs/protocol.md corrects it), [1] 6 b_zeta.
    let zeta: FieldRow

    /// Takes the numbers that make a curve, of at most `PrimeField.maximumBitCount` bits, and checks what is cheap to check.
    /// That p and q are prime is for whoever makes or receives parameters to check.
    package init(p: Natural, q: Natural) throws(TypeOneCurveError) {
        guard p.bitCount <= PrimeField.maximumBitCount, p % Natural(12) == Natural(11) else { throw .fieldOrder }
        let (cofactor, remainder) = (p + Natural(1)).dividing(by: max(q, Natural(1)))
        guard q.bit(0), q > Natural(3), remainder.isZero else { throw .groupOrder }
        // Points of order q must be few in number beside the rest: q^2 divides p + 1 for no usable curve.
        guard !(cofactor % q).isZero else { throw .groupOrder }
        field = PrimeField(modulus: p)
        self.q = q
        self.cofactor = cofactor
        orderDigits = q.nonAdjacentForm
        cubeRootExponent = (p + p - Natural(1)).dividing(by: Natural(3)).quotient
        halfModQ = (q + Natural(1)).dividing(by: Natural(2)).quotient
        zeta = FieldRow(field, count: 2)
        let w = Workspace(field, elements: 2)
        let (b, six) = (w.element(), w.element())
        w.set(b, small: 3)
        w.pow(b, b, (p + Natural(1)).dividing(by: Natural(4)).quotient)
        w.neg(b, b)
        w.triple(six, b)
        w.half(b, b)
        w.store(b, zeta, 0)
        w.store(six, zeta, 1)
    }
}

/// Numbers that make no type-1 curve.
package enum TypeOneCurveError: Error {
    /// p is too large, or not 11 mod 12.
    case fieldOrder
    /// q does not divide p + 1 once, or is even or tiny.
    case groupOrder
}
