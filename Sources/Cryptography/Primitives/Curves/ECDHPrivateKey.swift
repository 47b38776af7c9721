import COpenSSL

/// A scalar x and its point [x]P.
public struct ECDHPrivateKey: Sendable {
    /// x, big-endian, in all the octets of the curve's order.
    public let scalar: SecretBytes
    /// [x]P.
    public let point: ECDHPoint

    /// A fresh one: draws as many octets as a scalar has, again and again until they are in 1 … n - 1 (for P-521 with the
    /// seven bits above the order cleared first). Throws what `random` throws.
    public init(curve: ECDHCurve, random: some RandomSource) throws {
        while true {
            let drawn = try Self.drawScalar(curve, random: random)
            if let key = try? ECDHPrivateKey(scalar: drawn, curve: curve) {
                self = key
                return
            }
        }
    }

    /// One draw: octets that may or may not be in 1 … n - 1.
    static func drawScalar(_ curve: ECDHCurve, random: some RandomSource) throws -> SecretBytes {
        let drawn = try random.secretOctets(curve.coordinateOctetCount)
        guard curve == .p521 else { return drawn }
        return SecretBytes(count: drawn.count) { output in
            drawn.withUnsafeBytes { _ = output.initialize(from: $0) }
            output[0] &= 1
        }
    }

    /// The key of a given scalar. Throws `CryptographyFailure` where it is not in 1 … n - 1.
    public init(scalar: SecretBytes, curve: ECDHCurve) throws(CryptographyFailure) {
        guard scalar.count == curve.coordinateOctetCount,
            let octets = CurveArithmetic(curve).multiple(of: nil, by: scalar)
        else { throw CryptographyFailure("not a scalar of \(curve.name)") }
        self.scalar = scalar
        point = ECDHPoint(checked: octets.exposedCopy(), curve: curve)
    }

    /// [x]Q as 04 || X || Y: all of the point, not the x coordinate alone that ECDH interfaces give (docs/protocol.md choice 5).
    ///
    /// Throws `InvalidPoint` where Q is on another curve.
    public func sharedPoint(with other: ECDHPoint) throws(InvalidPoint) -> SecretBytes {
        guard other.curve == point.curve,
            let shared = CurveArithmetic(point.curve).multiple(of: other.uncompressed, by: scalar)
        else { throw InvalidPoint(curve: point.curve) }
        return shared
    }
}
