/// Next payload: the type of the payload that follows (RFC 3830 section 6.1, RFC 6043 section 6.1, RFC 6267 section
/// 6.1).
///
/// These are the types whose length we know (docs/protocol.md choice 10); any other cannot be skipped. 0 says that
/// none follows.
public enum PayloadType: UInt8, Sendable, CaseIterable {
    /// Key data transport (RFC 3830 section 6.2).
    case kemac = 1
    /// Envelope data (RFC 3830 section 6.3).
    case pke = 2
    /// Signature, always the last (RFC 3830 section 6.5).
    case sign = 4
    /// Timestamp (RFC 3830 section 6.6).
    case timestamp = 5
    /// Identity without role (RFC 3830 section 6.7).
    case id = 6
    /// Certificate (RFC 3830 section 6.7).
    case cert = 7
    /// Certificate hash (RFC 3830 section 6.8).
    case chash = 8
    /// Verification message (RFC 3830 section 6.9).
    case verification = 9
    /// Security policy (RFC 3830 section 6.10).
    case securityPolicy = 10
    /// RAND (RFC 3830 section 6.11).
    case rand = 11
    /// Error (RFC 3830 section 6.12).
    case error = 12
    /// Identity with role (RFC 6043 section 6.6).
    case idr = 14
    /// General Extension (RFC 3830 section 6.15).
    case generalExtension = 21
    /// IBE-encrypted points (RFC 6267 section 6.1.1).
    case ibake = 22
    /// IBE-encrypted secret key (RFC 6267 section 6.1.2).
    case esk = 23

    /// Last payload: none follows.
    static let last: UInt8 = 0

    /// The payload's name in its RFC.
    public var name: String {
        switch self {
        case .kemac: "KEMAC"
        case .pke: "PKE"
        case .sign: "SIGN"
        case .timestamp: "T"
        case .id: "ID"
        case .cert: "CERT"
        case .chash: "CHASH"
        case .verification: "V"
        case .securityPolicy: "SP"
        case .rand: "RAND"
        case .error: "ERR"
        case .idr: "IDR"
        case .generalExtension: "General Extension"
        case .ibake: "IBAKE"
        case .esk: "ESK"
        }
    }

    /// Where the payload is defined.
    public var section: String {
        switch self {
        case .kemac: "RFC 3830 section 6.2"
        case .pke: "RFC 3830 section 6.3"
        case .sign: "RFC 3830 section 6.5"
        case .timestamp: "RFC 3830 section 6.6"
        case .id, .cert: "RFC 3830 section 6.7"
        case .chash: "RFC 3830 section 6.8"
        case .verification: "RFC 3830 section 6.9"
        case .securityPolicy: "RFC 3830 section 6.10"
        case .rand: "RFC 3830 section 6.11"
        case .error: "RFC 3830 section 6.12"
        case .idr: "RFC 6043 section 6.6"
        case .generalExtension: "RFC 3830 section 6.15"
        case .ibake: "RFC 6267 section 6.1.1"
        case .esk: "RFC 6267 section 6.1.2"
        }
    }
}

/// Next payload inside encrypted chains (RFC 3830 section 6.13, RFC 6267 sections 6.1.4 and 6.1.5).
enum SubPayloadType {
    static let id = PayloadType.id.rawValue
    static let idr = PayloadType.idr.rawValue
    static let keyData: UInt8 = 20
    static let secretKey: UInt8 = 24
    static let point: UInt8 = 25
}
