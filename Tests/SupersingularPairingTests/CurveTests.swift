import CurveVectors
import Primitives
import SupersingularPairing
import TestVectors
import Testing

@Suite("Points and their multiples")
struct CurveTests {
    let level: Vector
    let curve: TypeOneCurve
    let base: CurvePoint

    init() throws {
        level = try #require(levels().first)
        curve = try level.curve()
        base = try level["P"].point(on: curve)
    }

    private func point(_ x: Natural, _ y: Natural) -> CurvePoint? {
        CurvePoint(
            x: SecretBytes(x.octets(count: x.octetCount)), y: SecretBytes(y.octets(count: y.octetCount)), on: curve)
    }

    @Test("Points off the curve and coordinates that are not below p are refused")
    func refused() throws {
        let (x, y) = try level["P"].pair
        let (px, py) = (try x.natural, try y.natural)
        #expect(point(px, py) == base)
        #expect(point(py, px) == nil)
        #expect(point(px, py + Natural(1)) == nil)
        #expect(point(px + curve.p, py) == nil)
        #expect(point(px, py + curve.p) == nil)
        #expect(point(curve.p, Natural(1)) == nil)
        #expect(point(Natural(0), Natural(0)) == nil)
    }

    @Test("Only points of order q are of order q: not those of order 2, 3, 6, nor a hashed point before its cofactor")
    func orders() throws {
        #expect(base.hasOrderQ)
        let small = try [
            #require(point(curve.p - Natural(1), Natural(0))), #require(point(Natural(0), Natural(1))),
            #require(point(Natural(2), Natural(3))),
        ]
        for (point, order) in zip(small, [2, 3, 6]) {
            #expect(!point.hasOrderQ)
            #expect(point.clearingCofactor == nil)
            for k in 1..<40 {
                #expect((point.multipliedPublic(by: Natural(UInt64(k))) == nil) == (k % order == 0))
            }
        }
        // Of (2, 3) the multiples are (0, 1), (-1, 0), (0, -1), (2, -3).
        #expect(small[2].multipliedPublic(by: Natural(2)) == small[1])
        #expect(small[2].multipliedPublic(by: Natural(3)) == small[0])
        #expect(small[2].multipliedPublic(by: Natural(5)) == point(Natural(2), curve.p - Natural(3)))
        #expect(small[2].multipliedPublic(by: Natural(601)) == small[2])

        let hashed = CurvePoint(ordinate: Natural(12345), on: curve)
        #expect(!hashed.hasOrderQ)
        #expect(try #require(hashed.clearingCofactor).hasOrderQ)
    }

    @Test("The three ways of multiplying agree, for scalars at the edges and at random")
    func multiplication() throws {
        let table = FixedBase(base)
        let q = curve.q
        let random = SeededRandom(seed: 4)
        let edges = [1, 2, 3, 4, 15, 16, 17, 31, 32, 33, 63, 64].map { Natural($0) }
        let scalars =
            edges + edges.map { q - $0 } + (4..<q.bitCount - 1).map { Natural.powerOfTwo($0) }
            + (0..<20).map { _ in Natural(octets: random.secretOctets(40).exposedCopy()) % q }
        for k in scalars {
            let expected = try #require(base.multipliedPublic(by: k))
            #expect(base.multiplied(by: Scalar(k, modulo: q)) == expected)
            #expect(table.multiplied(by: Scalar(k, modulo: q)) == expected)
        }
        #expect(base.multipliedPublic(by: q) == nil)
        #expect(base.multipliedPublic(by: q + Natural(1)) == base)
    }

    @Test("Scalars are reduced modulo q, whatever their length")
    func scalars() {
        let octets = SeededRandom(seed: 5).secretOctets(64)
        let scalar = Scalar(octets, modulo: curve.q)
        #expect(Natural(octets: scalar.octets.exposedCopy()) == Natural(octets: octets.exposedCopy()) % curve.q)
        #expect(Scalar(SecretBytes([]), modulo: curve.q).isZero)
        #expect(Scalar(SecretBytes(curve.q.octets(count: 20)), modulo: curve.q).isZero)
        let two = Scalar(Natural(2), modulo: curve.q)
        let half = Scalar((curve.q + Natural(1)).dividing(by: Natural(2)).quotient, modulo: curve.q)
        #expect(two.times(half) == Scalar(Natural(1), modulo: curve.q))
    }

    @Test("Numbers that make no curve are refused")
    func curves() throws {
        let (p, q) = (curve.p, curve.q)
        #expect(throws: TypeOneCurveError.fieldOrder) { try TypeOneCurve(p: p + Natural(2), q: q) }
        #expect(throws: TypeOneCurveError.fieldOrder) {
            try TypeOneCurve(p: Natural.powerOfTwo(3841) - Natural(1), q: q)
        }
        #expect(throws: TypeOneCurveError.groupOrder) { try TypeOneCurve(p: p, q: q + Natural(2)) }
        #expect(throws: TypeOneCurveError.groupOrder) { try TypeOneCurve(p: p, q: Natural(0)) }
        #expect(throws: TypeOneCurveError.groupOrder) { try TypeOneCurve(p: p, q: Natural(3)) }
        // q^2 divides p + 1
        #expect(throws: TypeOneCurveError.groupOrder) { try TypeOneCurve(p: Natural(12 * 49 - 1), q: Natural(7)) }
    }

    @Test("The primes that are found have their sizes and forms")
    func search() throws {
        let random = SeededRandom(seed: 6)
        for _ in 0..<5 {
            let q = try CurveSearch.solinasPrime(bits: 160, random: random)
            #expect(q.bitCount == 160 && q.isProbablyPrime(rounds: 30))
            #expect(q.nonAdjacentForm.count { $0 != 0 } <= 3)
            var counts: [Int] = []
            let p = try CurveSearch.fieldPrime(bits: 512, q: q, random: random) { counts.append($0) }
            #expect(p.bitCount == 512 && p.isProbablyPrime(rounds: 30))
            #expect(((p + Natural(1)) % (Natural(12) * q)).isZero)
            #expect(counts == Array(1...counts.count))
        }
    }
}
