import Primitives

/// A payload whose length is known and whose content is not looked at: PKE, SIGN, CERT, CHASH and SP
/// (docs/protocol.md choice 10).
///
/// Its body is all but the next-payload octet. SIGN has no such octet and ends the message.
public struct SkippedPayload: Sendable, Hashable {
    let type: PayloadType
    let body: [UInt8]

    init(_ type: PayloadType, reading reader: inout PayloadReader) throws(MIKEYError) {
        self.type = type
        var body: [UInt8] = []
        switch type {
        case .pke:
            // ! C (2 bits) | Data len (14 bits) ! Data ~ (RFC 3830 section 6.3)
            let field = try reader.uint16()
            body.append(bigEndian: field)
            body += try reader.octets(Int(field & 0x3fff))
        case .sign:
            // ! S type (4 bits) | Signature len (12 bits) ! Signature ~ (RFC 3830 section 6.5)
            let field = try reader.uint16()
            body.append(bigEndian: field)
            body += try reader.octets(Int(field & 0x0fff))
        case .chash:
            // ! Hash func (1) ! Hash ~ (RFC 3830 section 6.8, RFC 6043 section 6.7)
            let function = try reader.known(.hashFunction, as: CertificateHash.self)
            body.append(function.rawValue)
            body += try reader.octets(function.octetCount)
        case .securityPolicy:
            // ! Policy no (1) ! Prot type (1) ! Policy param length (2) ! Policy param ~ (RFC 3830 section 6.10)
            body += try reader.octets(2)
            body.append(afterUInt16: try reader.octetsAfterUInt16())
        default:
            // ! Cert type (1) ! Cert len (2) ! Certificate ~ (RFC 3830 section 6.7)
            body.append(try reader.uint8())
            body.append(afterUInt16: try reader.octetsAfterUInt16())
        }
        self.body = body
    }
}

private enum CertificateHash: UInt8 {
    case sha1 = 0
    case md5 = 1
    case sha256 = 2

    var octetCount: Int {
        switch self {
        case .sha1: 20
        case .md5: 16
        case .sha256: 32
        }
    }
}
