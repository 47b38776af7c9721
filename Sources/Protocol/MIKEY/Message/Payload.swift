/// A payload of a MIKEY message, behind HDR.
public enum Payload: Sendable, Hashable {
    /// KEMAC.
    case kemac(KEMACPayload)
    /// T.
    case timestamp(TimestampPayload)
    /// An ID without role, which no message of ours has at this level.
    case id(IdentityPayload)
    /// V.
    case verification(VerificationPayload)
    /// RAND.
    case rand(RandPayload)
    /// ERR.
    case error(ErrorPayload)
    /// IDRi, IDRr, IDRkms, IDRpsk or IDRapp.
    case idr(IDRPayload)
    /// A General Extension.
    case generalExtension(GeneralExtensionPayload)
    /// IBAKE.
    case ibake(EncryptedPayload)
    /// ESK.
    case esk(EncryptedPayload)
    /// PKE, SIGN, CERT, CHASH or SP.
    case skipped(SkippedPayload)

    /// The payload's number in the field before it.
    public var type: PayloadType {
        switch self {
        case .kemac: .kemac
        case .timestamp: .timestamp
        case .id: .id
        case .verification: .verification
        case .rand: .rand
        case .error: .error
        case .idr: .idr
        case .generalExtension: .generalExtension
        case .ibake: .ibake
        case .esk: .esk
        case .skipped(let payload): payload.type
        }
    }

    /// The name under which a payload may be there once: its type or its role.
    var name: String {
        if case .idr(let payload) = self { payload.role.name } else { type.name }
    }

    /// Reads a payload and the type of the one behind it.
    init(_ type: PayloadType, reading reader: inout PayloadReader, next: inout UInt8) throws(MIKEYError) {
        // SIGN alone has no Next payload field: it is always the last (RFC 3830 section 6.5).
        next = type == .sign ? PayloadType.last : try reader.uint8()
        switch type {
        case .kemac: self = .kemac(try KEMACPayload(reading: &reader))
        case .timestamp: self = .timestamp(try TimestampPayload(reading: &reader))
        case .id: self = .id(try IdentityPayload(reading: &reader))
        case .verification: self = .verification(try VerificationPayload(reading: &reader))
        case .rand: self = .rand(try RandPayload(reading: &reader))
        case .error: self = .error(try ErrorPayload(reading: &reader))
        case .idr: self = .idr(try IDRPayload(reading: &reader))
        case .generalExtension: self = .generalExtension(try GeneralExtensionPayload(reading: &reader))
        case .ibake: self = .ibake(try EncryptedPayload(reading: &reader))
        case .esk: self = .esk(try EncryptedPayload(reading: &reader))
        case .pke, .sign, .cert, .chash, .securityPolicy:
            self = .skipped(try SkippedPayload(type, reading: &reader))
        }
    }

    func append(to octets: inout [UInt8], next: UInt8) {
        if type != .sign { octets.append(next) }
        switch self {
        case .kemac(let payload): payload.append(to: &octets)
        case .timestamp(let payload): payload.append(to: &octets)
        case .id(let payload): payload.append(to: &octets)
        case .verification(let payload): payload.append(to: &octets)
        case .rand(let payload): payload.append(to: &octets)
        case .error(let payload): payload.append(to: &octets)
        case .idr(let payload): payload.append(to: &octets)
        case .generalExtension(let payload): payload.append(to: &octets)
        case .ibake(let payload), .esk(let payload): payload.append(to: &octets)
        case .skipped(let payload): octets += payload.body
        }
    }
}
