import Primitives
import SupersingularPairing

/// (U, V, W) of RFC 5091 5.4.1.
package struct BFCiphertext: Sendable {
    package let u: CurvePoint
    package let v: [UInt8]
    package let w: [UInt8]

    package init(u: CurvePoint, v: [UInt8], w: [UInt8]) {
        self.u = u
        self.v = v
        self.w = w
    }

    /// Reads a BFCiphertextBlock (section 8). U is on the curve and V has hashlen octets, or nothing is computed.
    package init(der: [UInt8], _ set: BFParameterSet) throws(IBEError) {
        var fields = try DERReader.sequence(SecretBytes(der), structure: "BFCiphertextBlock")
        try fields.version(2)
        let u = try fields.point(on: set.curve)
        v = try fields.octetString().exposedCopy()
        w = try fields.octetString().exposedCopy()
        try fields.end()
        guard let u, v.count == set.hash.octetCount else { throw .undecryptable }
        self.u = u
    }

    /// The BFCiphertextBlock.
    package var der: [UInt8] {
        DERWriter.sequence(
            DERWriter.integer(2), DERWriter.point(u), DERWriter.octetString(SecretBytes(v)),
            DERWriter.octetString(SecretBytes(w))
        ).exposedCopy()
    }
}

extension DERReader {
    /// The next FpPoint (section 8); nil where a coordinate is not below p or the point is off the curve.
    mutating func point(on curve: TypeOneCurve) throws(IBEError) -> CurvePoint? {
        var coordinates = try sequence()
        let (x, y) = (try coordinates.integer(), try coordinates.integer())
        try coordinates.end()
        return CurvePoint(x: x, y: y, on: curve)
    }
}

extension DERWriter {
    /// An FpPoint (section 8).
    static func point(_ point: CurvePoint) -> SecretBytes { sequence(integer(point.x), integer(point.y)) }
}
