import Primitives
import SupersingularPairing

/// The private key of one identity (BFPrivateKeyBlock of RFC 5091 section 8). Its operations take the same path whatever the
/// key; the table for its pairings is made at the first one and shared by copies.
public struct BFPrivateKey: Sendable {
    /// The DER.
    public let der: SecretBytes
    /// Whose key it is.
    public let identity: [UInt8]
    /// The parameters that it belongs to.
    public let parameters: BFPublicParameters
    private let point: CurvePoint
    private let table = Lazy<PreparedPoint>()

    /// Reads DER and checks that the point is on the curve, has order q, and is the key of that identity:
    /// e'(S_id, P) = e'(Q_id, P_pub). Throws `IBEError`.
    public init(der: SecretBytes, identity: [UInt8], parameters: BFPublicParameters) throws(IBEError) {
        var fields = try DERReader.sequence(der, structure: "BFPrivateKeyBlock")
        try fields.version(2)
        let point = try fields.point(on: parameters.set.curve)
        try fields.end()
        guard let point, point.hasOrderQ else {
            throw .invalidKey("its point is off the curve or has another order than q")
        }
        self.init(point: point, der: der, identity: identity, parameters: parameters)
        let set = parameters.set
        let expected = try set.identityValue(identity).power(set.cofactor)
        guard prepared.pairing(set.p).canonical == expected else { throw .keyOfAnotherIdentity }
    }

    init(point: CurvePoint, der: SecretBytes? = nil, identity: [UInt8], parameters: BFPublicParameters) {
        self.point = point
        self.der = der ?? DERWriter.sequence(DERWriter.integer(2), DERWriter.point(point))
        self.identity = identity
        self.parameters = parameters
    }

    /// RFC 5091 5.5.1: decrypts the DER of a BFCiphertextBlock and checks U = [l]P.
    ///
    /// Throws `IBEError.malformed` or `.unsupported` for what is not one, and `.undecryptable` for everything else.
    public func decrypt(_ ciphertextBlock: [UInt8]) throws(IBEError) -> SecretBytes {
        let ciphertext = try BFCiphertext(der: ciphertextBlock, parameters.set)
        return try parameters.set.decrypt(ciphertext, with: prepared)
    }

    var prepared: PreparedPoint { table.value { PreparedPoint(point) } }
}

extension BFPrivateKey: CustomStringConvertible {
    /// Whose key, and nothing of it.
    public var description: String { "BFPrivateKey of \(String(decoding: identity, as: UTF8.self))" }
}
