import Primitives

/// An object identifier, kept as the contents of its DER value.
struct ObjectIdentifier: Hashable, Sendable {
    let contents: [UInt8]

    /// Takes contents of a DER value; nil where an arc is not minimal or the last is cut.
    init?(contents: [UInt8]) {
        guard let last = contents.last, last < 0x80, contents.count <= 128 else { return nil }
        var starts = true
        for octet in contents {
            if starts, octet == 0x80 { return nil }
            starts = octet < 0x80
        }
        self.contents = contents
    }

    /// Takes arcs, at least two.
    private init(_ arcs: UInt32...) {
        let joined = [arcs[0] * 40 + arcs[1]] + arcs.dropFirst(2)
        contents = joined.flatMap { arc in
            var digits = [UInt8(arc & 0x7f)]
            var rest = arc >> 7
            while rest > 0 {
                digits.append(UInt8(rest & 0x7f) | 0x80)
                rest >>= 7
            }
            return digits.reversed()
        }
    }

    /// type1curve of RFC 5091 section 8: 2.16.840.1.114334.1.1.1.1.
    static let typeOneCurve = ObjectIdentifier(2, 16, 840, 1, 114334, 1, 1, 1, 1)
    /// bf of RFC 5091 section 8: 2.16.840.1.114334.1.1.2.1.
    static let bonehFranklin = ObjectIdentifier(2, 16, 840, 1, 114334, 1, 1, 2, 1)
    /// The type of identities of docs/protocol.md choices 11 and 12, a URI and a day: 2.25.248372414042866169198979541751438022781
    /// (ITU-T X.667, UUID badac975-fb04-402e-b0a2-77501a18987d), whose last arc has 128 bits.
    static let datedURI = ObjectIdentifier(fixed: [
        0x69, 0x82, 0xf5, 0xda, 0xe4, 0xdd, 0xbf, 0xb0, 0xa2, 0x80,
        0xdd, 0xb0, 0xd1, 0x9d, 0xea, 0x81, 0xd0, 0xe2, 0xb0, 0x7d,
    ])

    private init(fixed contents: [UInt8]) { self.contents = contents }

    /// The hash functions of RFC 5091 section 8.
    static func hash(_ function: HashFunction) -> ObjectIdentifier {
        switch function {
        case .sha1: ObjectIdentifier(1, 3, 14, 3, 2, 26)
        case .sha224: ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 4)
        case .sha256: ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 1)
        case .sha384: ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 2)
        case .sha512: ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 3)
        }
    }
}
