import Primitives
import SupersingularPairing

/// The master secret s (BFMasterSecret of RFC 5091 section 8).
public struct BFMasterSecret: Sendable {
    /// The DER.
    public let der: SecretBytes
    /// s in big-endian octets without leading zeros.
    let number: SecretBytes

    /// Reads DER. Throws `IBEError` for what is malformed, and for 0.
    public init(der: SecretBytes) throws(IBEError) {
        var fields = try DERReader.sequence(der, structure: "BFMasterSecret")
        try fields.version(2)
        number = try fields.integer()
        try fields.end()
        guard (1...64).contains(number.count) else { throw .invalidKey("the master secret is 0 or too long") }
        self.der = der
    }

    init(_ s: Scalar) {
        der = DERWriter.sequence(DERWriter.integer(2), DERWriter.integer(s.octets))
        number = s.octets
    }
}

/// What a KMS has: its parameters and the master secret that goes with them.
public struct BFMasterKey: Sendable {
    /// The public half.
    public let parameters: BFPublicParameters
    /// The master secret.
    public let secret: BFMasterSecret
    private let s: Scalar

    /// Joins the halves. Throws `IBEError.invalidKey` where P_pub is not [s]P.
    public init(parameters: BFPublicParameters, secret: BFMasterSecret) throws(IBEError) {
        let set = parameters.set
        s = Scalar(secret.number, modulo: set.curve.q)
        guard set.multipleOfP(s) == set.pPublic else { throw .invalidKey("P_pub is not [s]P") }
        self.parameters = parameters
        self.secret = secret
    }

    /// RFC 5091 5.3.1: the private key [s]Q_id of an identity. The path is the same whatever s.
    ///
    /// Throws `IBEError.unusableIdentity`.
    public func extract(_ identity: [UInt8]) throws(IBEError) -> BFPrivateKey {
        let set = parameters.set
        guard let q = RFC5091Hashing.hashToPoint(identity, set.curve, set.hash) else { throw .unusableIdentity }
        return BFPrivateKey(point: q.multiplied(by: s), identity: identity, parameters: parameters)
    }
}
