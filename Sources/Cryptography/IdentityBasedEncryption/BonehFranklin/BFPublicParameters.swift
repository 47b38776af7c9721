import Primitives
import SupersingularPairing

/// Boneh-Franklin public parameters (BFPublicParameters of RFC 5091 section 8), checked when they are made: the sizes are
/// those of a level, p and q are prime, P and P_pub are on the curve and have order q.
///
/// Copies share tables and a bounded cache of what was computed for the identities last encrypted to.
public struct BFPublicParameters: Sendable {
    /// The DER.
    public let der: [UInt8]
    /// The level that p, q and hashfcn belong to.
    public let level: SecurityLevel
    package let set: BFParameterSet

    /// Reads DER. Throws `IBEError` for what is malformed, unsupported or wrong.
    public init(der: [UInt8]) throws(IBEError) {
        var fields = try DERReader.sequence(SecretBytes(der), structure: "BFPublicParameters")
        try fields.version(2)
        guard try fields.objectIdentifier() == .typeOneCurve else { throw .unsupported("a curve other than type 1") }
        let p = Natural(octets: try fields.integer().exposedCopy())
        let q = Natural(octets: try fields.integer().exposedCopy())
        guard let level = SecurityLevel.allCases.first(where: { $0.pBits == p.bitCount && $0.qBits == q.bitCount })
        else {
            throw .unsupported("p of \(p.bitCount) and q of \(q.bitCount) bits")
        }
        let curve: TypeOneCurve
        do throws(TypeOneCurveError) {
            curve = try TypeOneCurve(p: p, q: q)
        } catch {
            throw .invalidParameters("p and q make no type-1 curve")
        }
        let point = try fields.point(on: curve)
        let publicPoint = try fields.point(on: curve)
        guard try fields.objectIdentifier() == .hash(level.hash) else {
            throw .unsupported("a hash function other than \(level.hash) at level \(level.rawValue)")
        }
        try fields.end()
        // One round is a Baillie-PSW test in GMP: no composite is known to pass.
        guard q.isProbablyPrime(rounds: 1), p.isProbablyPrime(rounds: 1) else {
            throw .invalidParameters("p or q is not prime")
        }
        guard let point, let publicPoint, point.hasOrderQ, publicPoint.hasOrderQ else {
            throw .invalidParameters("P or P_pub is off the curve or has another order than q")
        }
        self.init(der: der, level: level, set: BFParameterSet(p: point, pPublic: publicPoint, hash: level.hash))
    }

    /// Takes points of order q of the level's curve.
    init(level: SecurityLevel, p: CurvePoint, pPublic: CurvePoint) {
        let (modulus, order) = (p.curve.p, p.curve.q)
        let der = DERWriter.sequence(
            DERWriter.integer(2), DERWriter.objectIdentifier(.typeOneCurve),
            DERWriter.integer(SecretBytes(modulus.octets(count: modulus.octetCount))),
            DERWriter.integer(SecretBytes(order.octets(count: order.octetCount))),
            DERWriter.point(p), DERWriter.point(pPublic), DERWriter.objectIdentifier(.hash(level.hash)))
        self.init(
            der: der.exposedCopy(), level: level, set: BFParameterSet(p: p, pPublic: pPublic, hash: level.hash))
    }

    private init(der: [UInt8], level: SecurityLevel, set: BFParameterSet) {
        self.der = der
        self.level = level
        self.set = set
    }

    /// RFC 5091 5.4.1: encrypts the octets to an identity, however many they are; the result is the DER of a BFCiphertextBlock.
    ///
    /// Draws rho, hashlen octets, in one call of `random` (again in the one case in 2^160 or less that l is 0).
    /// Throws what `random` throws, and `IBEError.unusableIdentity`.
    public func encrypt(_ plaintext: [UInt8], to identity: [UInt8], random: some RandomSource) throws -> [UInt8] {
        try encrypt(SecretBytes(plaintext), to: identity, random: random)
    }

    /// The same for a plaintext that is wiped. Throws the same.
    public func encrypt(_ plaintext: SecretBytes, to identity: [UInt8], random: some RandomSource) throws -> [UInt8] {
        while true {
            let rho = try random.secretOctets(set.hash.octetCount)
            if let ciphertext = try set.encrypt(plaintext, to: identity, rho: rho) { return ciphertext.der }
        }
    }
}

extension BFPublicParameters: Hashable {
    /// Whether the DER is the same.
    public static func == (a: BFPublicParameters, b: BFPublicParameters) -> Bool { a.der == b.der }
    /// Hashes the DER.
    public func hash(into hasher: inout Hasher) { hasher.combine(der) }
}
