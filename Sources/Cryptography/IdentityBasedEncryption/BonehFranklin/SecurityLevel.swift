import Primitives

/// The security levels of RFC 5091 5.1.2, named by the size of an RSA modulus of like strength.
public enum SecurityLevel: Int, Sendable, CaseIterable {
    /// About 80 bits: for test vectors and fast tests only.
    case test1024 = 1024
    /// 112 bits.
    case level2048 = 2048
    /// 128 bits: the default.
    case level3072 = 3072
    /// 192 bits.
    case level7680 = 7680

    /// n_p, the size of p in bits.
    public var pBits: Int {
        switch self {
        case .test1024: 512
        case .level2048: 1024
        case .level3072: 1536
        case .level7680: 3840
        }
    }

    /// n_q, the size of q in bits.
    public var qBits: Int {
        switch self {
        case .test1024: 160
        case .level2048: 224
        case .level3072: 256
        case .level7680: 384
        }
    }

    /// hashfcn.
    public var hash: HashFunction {
        switch self {
        case .test1024: .sha1
        case .level2048: .sha224
        case .level3072: .sha256
        case .level7680: .sha384
        }
    }
}
