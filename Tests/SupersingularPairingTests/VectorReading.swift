import CurveVectors
import Primitives
import SupersingularPairing
import TestVectors
import Testing

extension Vector {
    /// Canonical(p, 2, 0, v) of a pair.
    func canonical(on curve: TypeOneCurve) throws -> SecretBytes {
        let (real, imaginary) = try pair
        let width = curve.field.octetCount
        return SecretBytes(try real.octets(ofNumberIn: width) + imaginary.octets(ofNumberIn: width))
    }
}

/// The levels 1024 and 3072.
func levels() throws -> [Vector] { try Vector(file: "rfc5091.json")["levels"].list }
