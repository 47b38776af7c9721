import COpenSSL

/// The curves of IBAKE (docs/protocol.md choice 4), by their numbers in RFC 6267 section 6.1.4.
public enum ECDHCurve: UInt8, Sendable, CaseIterable {
    /// P-256 / secp256r1, the default.
    case p256 = 8
    /// P-384 / secp384r1.
    case p384 = 11
    /// P-521 / secp521r1.
    case p521 = 14

    /// The octets of a coordinate and of a scalar.
    public var coordinateOctetCount: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// The octets of an uncompressed point: 04 || X || Y (SEC 1).
    public var pointOctetCount: Int { 1 + 2 * coordinateOctetCount }

    var name: String {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        }
    }

    var identifier: Int32 {
        switch self {
        case .p256: NID_X9_62_prime256v1
        case .p384: NID_secp384r1
        case .p521: NID_secp521r1
        }
    }
}

/// A point of an ECDH curve that was checked: on the curve, not at infinity.
public struct ECDHPoint: Sendable, Hashable {
    /// The curve.
    public let curve: ECDHCurve
    /// 04 || X || Y, each coordinate in all its octets (SEC 1).
    public let uncompressed: [UInt8]

    /// Takes a point in SEC 1's uncompressed form or, where allowed, compressed.
    ///
    /// Throws `InvalidPoint` for any other form, a point off the curve, and infinity.
    public init(
        octets: some Collection<UInt8>, curve: ECDHCurve, allowCompressed: Bool = false
    ) throws(InvalidPoint) {
        let octets = Array(octets)
        let isCompressed = octets.count == 1 + curve.coordinateOctetCount && (octets[0] == 2 || octets[0] == 3)
        guard (octets.count == curve.pointOctetCount && octets[0] == 4) || (allowCompressed && isCompressed) else {
            throw InvalidPoint(curve: curve)
        }
        guard let point = CurveArithmetic(curve).uncompressed(octets) else { throw InvalidPoint(curve: curve) }
        self.curve = curve
        uncompressed = point
    }

    init(checked uncompressed: [UInt8], curve: ECDHCurve) {
        self.curve = curve
        self.uncompressed = uncompressed
    }
}

extension ECDHPoint {
    /// Compares in constant time: a point that comes back proves who opened the message that it was in (RFC 6267 section
    /// 4.2.2.6), and must not be guessed octet by octet.
    public static func == (left: ECDHPoint, right: ECDHPoint) -> Bool {
        left.curve == right.curve && constantTimeEqual(left.uncompressed, right.uncompressed)
    }
}

/// Octets that are no point of the curve that they should be on, or the point at infinity.
public struct InvalidPoint: Error, Equatable, CustomStringConvertible {
    /// The curve.
    public let curve: ECDHCurve
    /// The fault in words.
    public var description: String { "not a point of \(curve.name), in a form that is accepted" }
}
