import Primitives
import SupersingularPairing

/// The numbers and points of Boneh-Franklin parameters at any size, with the tables and the cache that make them fast.
/// `BFPublicParameters` is one whose level was checked; RFC 5091's own vectors are smaller than any level.
package final class BFParameterSet: Sendable {
    package let curve: TypeOneCurve
    package let p: CurvePoint
    package let pPublic: CurvePoint
    package let hash: HashFunction
    /// (p + 1) / q mod q, the exponent in place of clearing the cofactor of a point.
    let cofactor: Scalar
    private let baseTable = Lazy<FixedBase>()
    private let publicTable = Lazy<PreparedPoint>()
    private let known = RecentValues<[UInt8], PairingValue>(limit: 1024)

    /// Takes points of order q.
    package init(p: CurvePoint, pPublic: CurvePoint, hash: HashFunction) {
        curve = p.curve
        self.p = p
        self.pPublic = pPublic
        self.hash = hash
        cofactor = Scalar(curve.cofactor % curve.q, modulo: curve.q)
    }

    /// [l]P.
    package func multipleOfP(_ l: Scalar) -> CurvePoint { baseTable.value { FixedBase(p) }.multiplied(by: l) }

    /// e'(P_pub, Q') for the identity's point before its cofactor is cleared; to the power of `cofactor` it is e'(P_pub, Q_id).
    /// Cached by identity, since whoever is written to once is written to again.
    package func identityValue(_ id: [UInt8]) throws(IBEError) -> PairingValue {
        if let value = known[id] { return value }
        let table = publicTable.value { PreparedPoint(pPublic) }
        let value = table.pairing(RFC5091Hashing.hashToCurve(id, curve, hash))
        guard !value.isDegenerate else { throw .unusableIdentity }
        known[id] = value
        return value
    }

    /// RFC 5091 5.4.1 step 5: l.
    package func l(rho: SecretBytes, plaintext: SecretBytes) -> Scalar {
        let seed = SecretBytes.concatenating([rho, hash.hash(plaintext)])
        return Scalar(RFC5091Hashing.hashToRange(seed, hash), modulo: curve.q)
    }

    /// Steps 10 and 11, and 4 and 5 of decryption: V from rho and theta, rho from V and theta.
    func mask(_ octets: SecretBytes, canonicalTheta: SecretBytes) -> SecretBytes { hash.hash(canonicalTheta) ^ octets }

    /// Step 12, and 6 of decryption: W from m and rho, m from W and rho.
    func mask(_ octets: SecretBytes, rho: SecretBytes) -> SecretBytes {
        RFC5091Hashing.hashBytes(octets.count, rho, hash) ^ octets
    }

    /// 5.4.1, BFencrypt, with rho given; nil where l is 0 and another rho is to be drawn.
    package func encrypt(_ m: SecretBytes, to id: [UInt8], rho: SecretBytes) throws(IBEError) -> BFCiphertext? {
        let l = l(rho: rho, plaintext: m)
        guard !l.isZero else { return nil }
        let theta = try identityValue(id).power(cofactor.times(l))
        return BFCiphertext(
            u: multipleOfP(l), v: mask(rho, canonicalTheta: theta).exposedCopy(), w: mask(m, rho: rho).exposedCopy())
    }

    /// 5.5.1, BFdecrypt.
    package func decrypt(_ c: BFCiphertext, with key: PreparedPoint) throws(IBEError) -> SecretBytes {
        let theta = key.pairing(c.u).canonical
        let rho = mask(SecretBytes(c.v), canonicalTheta: theta)
        let m = mask(SecretBytes(c.w), rho: rho)
        // U = [l]P: the sender knew rho and m, and U has order q.
        guard multipleOfP(l(rho: rho, plaintext: m)) == c.u else { throw .undecryptable }
        return m
    }
}

extension SecretBytes {
    /// Octet by octet, for equal lengths.
    static func ^ (a: SecretBytes, b: SecretBytes) -> SecretBytes {
        precondition(a.count == b.count, "octet strings of one length")
        return SecretBytes(count: a.count) { output in
            a.withUnsafeBytes { left in
                b.withUnsafeBytes { right in
                    for index in 0..<output.count { output[index] = left[index] ^ right[index] }
                }
            }
        }
    }
}
