import CurveVectors
import Primitives
import SupersingularPairing
import TestVectors
import Testing

@Suite("The pairing as a bilinear map")
struct BilinearityTests {
    @Test("e'([k]A, B) = e'(A, [k]B) = e'(A, B)^k, by every path")
    func bilinear() throws {
        for (level, rounds) in zip(try levels(), [6, 1]) {
            let curve = try level.curve()
            let random = SeededRandom(seed: 7)
            let a = try level["P"].point(on: curve)
            let b = try #require(CurvePoint(ordinate: Natural(99), on: curve).clearingCofactor)
            let prepared = PreparedPoint(a)
            let value = curve.pairing(a, b)
            #expect(!value.isDegenerate)
            #expect(prepared.pairing(b) == value)
            for _ in 0..<rounds {
                let k = Scalar(random.secretOctets(40), modulo: curve.q)
                let expected = value.power(k)
                #expect(curve.pairing(a.multiplied(by: k), b).canonical == expected)
                #expect(curve.pairing(a, b.multiplied(by: k)).canonical == expected)
                #expect(prepared.pairing(b.multiplied(by: k)).canonical == expected)
                #expect(PreparedPoint(a.multiplied(by: k)).pairing(b).canonical == expected)
                #expect(prepared.pairing(b).power(k) == expected)
            }
            // To the power of q - 1 it is its conjugate, the value at the opposite point; to that of q it is 1, and 0 likewise.
            let (x, y) = (b.x, Natural(octets: b.y.exposedCopy()))
            let opposite = try #require(
                CurvePoint(x: x, y: SecretBytes((curve.p - y).octets(count: curve.p.octetCount)), on: curve))
            #expect(
                curve.pairing(a, opposite).canonical == value.power(Scalar(curve.q - Natural(1), modulo: curve.q)))
            let one = Natural(1).octets(count: curve.p.octetCount) + Natural(0).octets(count: curve.p.octetCount)
            #expect(value.power(Scalar(Natural(0), modulo: curve.q)).exposedCopy() == one)
        }
    }

    @Test("A point's cofactor can go into the exponent instead")
    func cofactorInExponent() throws {
        for level in try levels() {
            let curve = try level.curve()
            let prepared = PreparedPoint(try level["P_pub"].point(on: curve))
            let cofactor = Scalar(curve.cofactor % curve.q, modulo: curve.q)
            for y in [5, 6, 7] {
                let point = CurvePoint(ordinate: Natural(UInt64(y)), on: curve)
                let cleared = try #require(point.clearingCofactor)
                #expect(prepared.pairing(point).power(cofactor) == prepared.pairing(cleared).canonical)
            }
        }
    }

    @Test("Any prime q will do, Solinas or not")
    func ordinaryOrder() throws {
        // A prime of 64 bits with a dense non-adjacent form, and p = 12 r q - 1.
        let random = SeededRandom(seed: 8)
        var q = Natural(0xb5ad_4ece_da1c_e2a9)
        while !q.isProbablyPrime(rounds: 30) { q = q + Natural(2) }
        let p = try CurveSearch.fieldPrime(bits: 200, q: q, random: random) { _ in }
        let curve = try TypeOneCurve(p: p, q: q)
        let a = try #require(CurvePoint(ordinate: Natural(4), on: curve).clearingCofactor)
        let b = try #require(CurvePoint(ordinate: Natural(5), on: curve).clearingCofactor)
        let k = Scalar(Natural(0x1234_5678_9abc_def1), modulo: q)
        let value = curve.pairing(a, b)
        #expect(!value.isDegenerate)
        #expect(curve.pairing(b, a) == value)
        #expect(PreparedPoint(a).pairing(b) == value)
        #expect(PreparedPoint(b).pairing(a.multiplied(by: k)).canonical == value.power(k))
    }
}
