import Primitives
import SupersingularPairing

extension BFMasterKey {
    /// RFC 5091 5.1.2, BFsetup1: new parameters and their master secret. Takes a second at level 3072, some seconds at 7680.
    ///
    /// `progress` hears of each candidate for p, with the count so far. Throws what `random` throws.
    public static func generate(
        level: SecurityLevel, random: some RandomSource, progress: (Int) -> Void
    ) throws -> BFMasterKey {
        // Step 3
        let q = try CurveSearch.solinasPrime(bits: level.qBits, random: random)
        let p = try CurveSearch.fieldPrime(bits: level.pBits, q: q, random: random, progress: progress)
        let curve: TypeOneCurve
        do throws(TypeOneCurveError) {
            curve = try TypeOneCurve(p: p, q: q)
        } catch {
            throw IBEError.invalidParameters("the primes found make no type-1 curve")
        }
        // Step 4; where [12 r]P' is 0, another P' (4a, not 3a as printed)
        var base: CurvePoint?
        while base == nil {
            let y = Natural(octets: try random.octets(p.octetCount + 8)) % p
            base = CurvePoint(ordinate: y, on: curve).clearingCofactor
        }
        guard let base else { throw IBEError.invalidParameters("no point of order q was found") }
        // Step 5
        var s: Scalar
        repeat {
            s = Scalar(try random.secretOctets(q.octetCount + 8), modulo: q)
        } while s.isZero || s == Scalar(Natural(1), modulo: q)
        let parameters = BFPublicParameters(level: level, p: base, pPublic: base.multiplied(by: s))
        return try BFMasterKey(parameters: parameters, secret: BFMasterSecret(s))
    }
}
