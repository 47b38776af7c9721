import IdentityBasedEncryption

/// A MIKEY message: HDR and a chain of payloads, each of which names the type of the next (RFC 3830 section 5.2).
///
/// Reading loses nothing: the octets of what was read are the octets that were read.
public struct MIKEYMessage: Sendable, Hashable {
    /// HDR.
    public let header: CommonHeader
    /// The payloads behind HDR, in their order.
    public let payloads: [Payload]

    /// A message of these payloads. SIGN may only be the last.
    public init(_ header: CommonHeader, _ payloads: [Payload]) {
        self.header = header
        self.payloads = payloads
    }

    /// Reads a message whole. Which payloads may be there is checked by `requirePayloads`.
    ///
    /// Throws `MIKEYError` without an answer where the octets are not readable as MIKEY (docs/protocol.md choice 18).
    public init(octets: [UInt8]) throws(MIKEYError) {
        var places: [Int] = []
        try self.init(octets: octets, places: &places)
    }

    /// Reads a message, and where each payload starts.
    init(octets: [UInt8], places: inout [Int]) throws(MIKEYError) {
        var reader = PayloadReader(octets)
        var next = PayloadType.last
        header = try CommonHeader(reading: &reader, next: &next)
        var payloads: [Payload] = []
        while next != PayloadType.last {
            guard let type = PayloadType(rawValue: next) else { throw .unknown(.payload, next, offset: reader.offset) }
            places.append(reader.offset)
            payloads.append(try Payload(type, reading: &reader, next: &next))
        }
        guard reader.remaining == 0 else { throw .trailing(offset: reader.offset, count: reader.remaining) }
        self.payloads = payloads
    }

    /// The message as it travels.
    public var octets: [UInt8] {
        var octets: [UInt8] = []
        header.append(to: &octets, next: payloads.first?.type.rawValue ?? PayloadType.last)
        for (index, payload) in payloads.enumerated() {
            let next = index + 1 < payloads.count ? payloads[index + 1].type.rawValue : PayloadType.last
            payload.append(to: &octets, next: next)
        }
        return octets
    }
}

extension MIKEYMessage {
    /// T. Throws `MIKEYError` where there is none or it is not NTP-UTC.
    public var timestamp: NTPTimestamp {
        get throws(MIKEYError) {
            for case .timestamp(let payload) in payloads { return try payload.timestamp }
            throw .missing(PayloadType.timestamp.name)
        }
    }

    /// RAND. Throws `MIKEYError` where there is none or it is shorter than 16 octets.
    public var rand: [UInt8] {
        get throws(MIKEYError) {
            for case .rand(let payload) in payloads {
                guard payload.octets.count >= RandPayload.minimumOctetCount else { throw .rand(payload.octets.count) }
                return payload.octets
            }
            throw .missing(PayloadType.rand.name)
        }
    }

    /// All ID data in a role, in the order of the message.
    public func identities(_ role: IDRPayload.Role) -> [IdentityPayload] {
        payloads.compactMap { payload in
            if case .idr(let idr) = payload, idr.role == role { idr.value } else { nil }
        }
    }

    /// The identity in a role, if it is there. Throws `MIKEYError` where it is no identity.
    public func optionalIdentity(_ role: IDRPayload.Role) throws(MIKEYError) -> Identity? {
        try identities(role).first?.identity
    }

    /// The identity in a role. Throws `MIKEYError` where there is none, or no identity in it.
    public func identity(_ role: IDRPayload.Role) throws(MIKEYError) -> Identity {
        guard let identity = try optionalIdentity(role) else { throw .missing(role.name) }
        return identity
    }

    /// Encr data of IBAKE, if it is there.
    public var ibake: [UInt8]? {
        for case .ibake(let payload) in payloads { return payload.data }
        return nil
    }

    /// Encr data of ESK, if it is there.
    public var esk: [UInt8]? {
        for case .esk(let payload) in payloads { return payload.data }
        return nil
    }

    /// KEMAC, if it is there.
    public var kemac: KEMACPayload? {
        for case .kemac(let payload) in payloads { return payload }
        return nil
    }

    /// V, if it is there.
    public var verification: VerificationPayload? {
        for case .verification(let payload) in payloads { return payload }
        return nil
    }

    /// Error no of an Error message, if it is there.
    public var errorNumber: UInt8? {
        for case .error(let payload) in payloads { return payload.number }
        return nil
    }
}
