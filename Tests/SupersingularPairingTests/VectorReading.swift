import Primitives
import SupersingularPairing
import TestVectors
import Testing

extension Vector {
    /// A number in hex without leading zeros, as octets.
    var numberOctets: [UInt8] { get throws { try octets(ofNumberIn: (try text.utf8.count + 1) / 2) } }

    var natural: Natural { get throws { Natural(octets: try numberOctets) } }

    /// The two numbers of a pair.
    var pair: (Vector, Vector) {
        get throws {
            let parts = try list
            try #require(parts.count == 2)
            return (parts[0], parts[1])
        }
    }

    func point(on curve: TypeOneCurve) throws -> CurvePoint {
        let (x, y) = try pair
        return try #require(CurvePoint(x: SecretBytes(x.numberOctets), y: SecretBytes(y.numberOctets), on: curve))
    }

    /// The curve of p and q of an entry.
    func curve() throws -> TypeOneCurve { try TypeOneCurve(p: self["p"].natural, q: self["q"].natural) }

    /// Canonical(p, 2, 0, v) of a pair.
    func canonical(on curve: TypeOneCurve) throws -> SecretBytes {
        let (real, imaginary) = try pair
        let width = curve.field.octetCount
        return SecretBytes(try real.octets(ofNumberIn: width) + imaginary.octets(ofNumberIn: width))
    }
}

/// The entries of RFC 5091 section 7 with this number.
func section7(_ section: String) throws -> [Vector] {
    try Vector(file: "rfc5091.json")["section7"].list.filter { try $0["section"].text == section }
}

/// The levels 1024 and 3072.
func levels() throws -> [Vector] { try Vector(file: "rfc5091.json")["levels"].list }
