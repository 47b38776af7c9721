import Primitives

/// MAC algorithms of V and KEMAC (RFC 3830 section 6.2, RFC 6043 section 6.2).
public enum MACAlgorithm: UInt8, Sendable, CaseIterable {
    /// No MAC: for KEMAC alone, where V follows.
    case null = 0
    /// HMAC-SHA-1-160.
    case hmacSHA1 = 1
    /// HMAC-SHA-256-256.
    case hmacSHA256 = 2

    /// The octets of a MAC.
    public var octetCount: Int {
        switch self {
        case .null: 0
        case .hmacSHA1: 20
        case .hmacSHA256: 32
        }
    }

    /// The algorithm's name in its RFC.
    public var name: String {
        switch self {
        case .null: "NULL"
        case .hmacSHA1: "HMAC-SHA-1-160"
        case .hmacSHA256: "HMAC-SHA-256-256"
        }
    }
}
