import IdentityBasedEncryption

/// The common part of ID and IDR: a type and ID data (RFC 3830 section 6.7).
///
///     ! ID type (1) ! ID len (2) ! ID data ~
public struct IdentityPayload: Sendable, Hashable {
    static let uri: UInt8 = 1
    static let octetString: UInt8 = 2

    /// ID type: 1 is a URI, 2 an octet string (RFC 6043 section 6.5).
    public let type: UInt8
    /// ID data, up to 65,535 octets.
    public let data: [UInt8]

    init(type: UInt8, data: [UInt8]) {
        self.type = type
        self.data = data
    }

    /// An identity, as a URI.
    public init(_ identity: Identity) { self.init(type: Self.uri, data: identity.octets) }

    /// ID data of type URI, such as the dated identities of Request Key messages (docs/protocol.md choice 19).
    public init(uri data: [UInt8]) { self.init(type: Self.uri, data: data) }

    /// The name of a pre-shared key, an octet string of up to 65,535 octets (docs/protocol.md choice 19).
    public init(preSharedKeyName name: [UInt8]) { self.init(type: Self.octetString, data: name) }

    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        type = try reader.uint8()
        data = try reader.octetsAfterUInt16()
    }

    func append(to octets: inout [UInt8]) {
        octets.append(type)
        octets.append(afterUInt16: data)
    }

    /// The identity. Throws `MIKEYError` where the type is not URI or the data is no identity (docs/protocol.md
    /// choice 11).
    public var identity: Identity {
        get throws(MIKEYError) {
            let data = try uri
            do { return try Identity(octets: data) } catch { throw .identity(error) }
        }
    }

    /// ID data of type URI, whatever it is. Throws `MIKEYError` for another type.
    public var uri: [UInt8] {
        get throws(MIKEYError) {
            guard type == Self.uri else { throw .identityType(type) }
            return data
        }
    }

    /// ID data of type octet string: the name of a pre-shared key. Throws `MIKEYError` for another type.
    public var octetString: [UInt8] {
        get throws(MIKEYError) {
            guard type == Self.octetString else { throw .identityType(type) }
            return data
        }
    }
}

/// IDR, an identity with its role (RFC 6043 section 6.6).
///
///     ! next payload (1) ! ID role (1) ! ID type (1) ! ID len (2) ! ID data ~
public struct IDRPayload: Sendable, Hashable {
    /// ID role.
    public enum Role: UInt8, Sendable, CaseIterable {
        /// IDRi.
        case initiator = 1
        /// IDRr.
        case responder = 2
        /// IDRkms.
        case kms = 3
        /// IDRpsk, the name of the pre-shared key.
        case preSharedKey = 4
        /// IDRapp.
        case application = 5

        /// The role's name in the RFC.
        public var name: String {
            switch self {
            case .initiator: "IDRi"
            case .responder: "IDRr"
            case .kms: "IDRkms"
            case .preSharedKey: "IDRpsk"
            case .application: "IDRapp"
            }
        }
    }

    /// Whose identity it is.
    public let role: Role
    /// Type and ID data.
    public let value: IdentityPayload

    /// An identity in a role.
    public init(_ role: Role, _ value: IdentityPayload) {
        self.role = role
        self.value = value
    }

    /// An identity in a role, as a URI.
    public init(_ role: Role, _ identity: Identity) { self.init(role, IdentityPayload(identity)) }

    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        role = try reader.known(.role)
        value = try IdentityPayload(reading: &reader)
    }

    func append(to octets: inout [UInt8]) {
        octets.append(role.rawValue)
        value.append(to: &octets)
    }
}
