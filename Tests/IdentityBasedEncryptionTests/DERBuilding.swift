import IdentityBasedEncryption
import Primitives
import SupersingularPairing
import TestVectors
import Testing

/// A DER value, written apart from the writer that is tested.
func der(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
    switch contents.count {
    case 0..<128: [tag, UInt8(contents.count)] + contents
    case 128..<256: [tag, 0x81, UInt8(contents.count)] + contents
    default: [tag, 0x82, UInt8(contents.count >> 8), UInt8(contents.count & 255)] + contents
    }
}

/// The INTEGER of big-endian octets.
func derInteger(_ octets: SecretBytes) -> [UInt8] {
    let digits = Array(octets.exposedCopy().drop { $0 == 0 })
    return der(2, digits.isEmpty || digits[0] >= 128 ? [0] + digits : digits)
}

/// The point of a private key's DER at level 1024.
func pointOf(_ key: SecretBytes, on curve: TypeOneCurve) throws -> CurvePoint {
    let octets = key.exposedCopy()
    // SEQUENCE { INTEGER 2, SEQUENCE { INTEGER x, INTEGER y } }
    var reader = ByteReader(octets)
    func value() throws -> [UInt8] {
        _ = try reader.uint8()
        let first = Int(try reader.uint8())
        let count = first < 128 ? first : Int(try reader.uint8())
        return Array(try reader.octets(count))
    }
    let outer = try value()
    reader = ByteReader(outer)
    _ = try value()
    let inner = try value()
    reader = ByteReader(inner)
    let (x, y) = (SecretBytes(try value()), SecretBytes(try value()))
    return try #require(CurvePoint(x: x, y: y, on: curve))
}

extension Natural {
    func point(_ x: Natural, _ y: Natural, _ curve: TypeOneCurve) throws -> CurvePoint {
        try #require(
            CurvePoint(
                x: SecretBytes(x.octets(count: octetCount)), y: SecretBytes(y.octets(count: octetCount)), on: curve))
    }

    /// self^exponent mod p.
    func power(_ exponent: Natural, modulo p: Natural) -> Natural {
        (0..<exponent.bitCount).reversed().reduce(Natural(1)) { result, index in
            let square = result * result % p
            return exponent.bit(index) ? square * self % p : square
        }
    }
}

extension CurvePoint {
    /// The sum with (-1, 0), by the affine formula of RFC 5091 3.1.1 on natural numbers.
    func plusPointOfOrderTwo() throws -> CurvePoint {
        let p = curve.p
        let (x, y) = (Natural(octets: x.exposedCopy()), Natural(octets: y.exposedCopy()))
        let slope = y * (x + Natural(1)).power(p - Natural(2), modulo: p) % p
        let sumX = (slope * slope + p + Natural(1) - x) % p
        let sumY = slope * (x + p - sumX) % p
        return try p.point(sumX, (sumY + p - y) % p, curve)
    }
}

extension [UInt8] {
    func flipped(_ bit: Int) -> [UInt8] {
        var octets = self
        octets[bit / 8] ^= 1 << UInt8(bit % 8)
        return octets
    }
}
