import Primitives
import SupersingularPairing
import TestVectors

/// What `rfc5091.json` says of numbers and points.
extension Vector {
    /// A number in hex without leading zeros, as octets.
    package var numberOctets: [UInt8] { get throws { try octets(ofNumberIn: (try text.utf8.count + 1) / 2) } }

    /// A number in hex.
    package var natural: Natural { get throws { Natural(octets: try numberOctets) } }

    /// The two numbers of a pair.
    package var pair: (Vector, Vector) {
        get throws {
            let parts = try list
            guard parts.count == 2 else { throw WrongField(path, "is no pair") }
            return (parts[0], parts[1])
        }
    }

    /// A point on a curve.
    package func point(on curve: TypeOneCurve) throws -> CurvePoint {
        let (x, y) = try pair
        guard let point = try CurvePoint(x: SecretBytes(x.numberOctets), y: SecretBytes(y.numberOctets), on: curve) else {
            throw WrongField(path, "is no point on the curve")
        }
        return point
    }

    /// The curve of p and q of an entry.
    package func curve() throws -> TypeOneCurve { try TypeOneCurve(p: self["p"].natural, q: self["q"].natural) }
}

/// The entries of RFC 5091 section 7 with this number.
package func section7(_ section: String) throws -> [Vector] {
    try Vector(file: "rfc5091.json")["section7"].list.filter { try $0["section"].text == section }
}
