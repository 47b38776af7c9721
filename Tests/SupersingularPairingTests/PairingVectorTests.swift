import CurveVectors
import Primitives
import SupersingularPairing
import TestVectors
import Testing

@Suite("Pairing and point multiplication against vectors")
struct PairingVectorTests {
    @Test("RFC 5091 7.1: PointMultiply, for public numbers, for secret ones and by the table of a fixed base")
    func pointMultiply() throws {
        let entry = try #require(section7("7.1").first)
        let curve = try entry.curve()
        let (a, result) = (try entry["A"].point(on: curve), try entry["result"].point(on: curve))
        let l = Scalar(try entry["l"].natural % curve.q, modulo: curve.q)
        #expect(try a.multipliedPublic(by: entry["l"].natural) == result)
        #expect(a.multiplied(by: l) == result)
        #expect(FixedBase(a).multiplied(by: l) == result)
    }

    @Test("RFC 5091 7.3 and each level: Pairing, plain and by the table of a prepared point, in both orders")
    func pairing() throws {
        let small = try #require(section7("7.3").first)
        var cases = [(try small.curve(), small)]
        for level in try levels() {
            let curve = try level.curve()
            cases += try level["Pairing"].list.map { (curve, $0) }
        }
        #expect(cases.count == 9)
        for (curve, entry) in cases {
            let (a, b) = (try entry["A"].point(on: curve), try entry["B"].point(on: curve))
            let result = try entry["result"].canonical(on: curve)
            #expect(curve.pairing(a, b).canonical == result)
            #expect(curve.pairing(b, a).canonical == result)
            #expect(PreparedPoint(a).pairing(b).canonical == result)
            #expect(PreparedPoint(b).pairing(a).canonical == result)
        }
    }
}
