import COpenSSL

extension ECDHCurve {
    /// [a]P as 04 || X || Y for a fresh a that nobody keeps: a secret of its own, as SK is (RFC 6267 section 4.2.2).
    ///
    /// Draws from `random` as `ECDHPrivateKey` does. Throws what `random` throws.
    public func secretPoint(random: some RandomSource) throws -> SecretBytes {
        while true {
            let scalar = try ECDHPrivateKey.drawScalar(self, random: random)
            if let point = CurveArithmetic(self).multiple(of: nil, by: scalar) { return point }
        }
    }

    /// Whether the octets are a point of the curve as 04 || X || Y.
    public func isUncompressedPoint(_ octets: SecretBytes) -> Bool {
        octets.withUnsafeBytes { buffer in
            buffer.count == pointOctetCount && buffer.first == 4 && CurveArithmetic(self).isPoint(buffer)
        }
    }
}
