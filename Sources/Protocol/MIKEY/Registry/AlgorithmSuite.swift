import Primitives

/// What the initiator's PRF func decides (docs/protocol.md choice 6): PRF, MAC and encryption belong together, because
/// RFC 6043 section 12.1 forbids to mix them.
public enum AlgorithmSuite: UInt8, Sendable, CaseIterable {
    /// PRF func 0: RFC 3830's HMAC-SHA-1-160 and AES-CM-128. Only where it is enabled.
    case sha1 = 0
    /// PRF func 1: PRF-HMAC-SHA-256, HMAC-SHA-256-256 and AES-CM-256 of RFC 6043.
    case sha256 = 1

    /// The suite of a PRF func. Throws `MIKEYError.pseudoRandomFunction` for an unknown one and for one not enabled.
    public init(prf: UInt8, enabled: Set<AlgorithmSuite> = [.sha256]) throws(MIKEYError) {
        guard let suite = AlgorithmSuite(rawValue: prf), enabled.contains(suite) else {
            throw .pseudoRandomFunction(prf)
        }
        self = suite
    }

    /// The hash function of PRF and MAC.
    public var hash: HashFunction {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        }
    }

    /// Auth alg of V.
    public var mac: MACAlgorithm {
        switch self {
        case .sha1: .hmacSHA1
        case .sha256: .hmacSHA256
        }
    }

    /// Encr alg of KEMAC: AES-CM-128 (RFC 3830 section 6.2) or AES-CM-256 (RFC 6043 section 6.2).
    public var encryption: UInt8 {
        switch self {
        case .sha1: 1
        case .sha256: 3
        }
    }

    /// The octets of encr_key.
    var encryptionKeyOctetCount: Int {
        switch self {
        case .sha1: 16
        case .sha256: 32
        }
    }

    /// The octets of auth_key: as long as the MAC (docs/protocol.md choice 5).
    var authenticationKeyOctetCount: Int { mac.octetCount }

    /// The suite's PRF by name.
    public var name: String {
        switch self {
        case .sha1: "MIKEY-1"
        case .sha256: "PRF-HMAC-SHA-256"
        }
    }
}
