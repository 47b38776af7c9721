import IdentityBasedEncryption
import Primitives

/// The inner chain of IBAKE: identities, each with the point that belongs to it (RFC 6267 section 6.1.1,
/// docs/protocol.md choice 2).
///
///     I_MESSAGE_1  i Ci r        R_MESSAGE_1  i [Ci] r Cr
///     I_MESSAGE_2  i [Ci] r Cr   R_MESSAGE_2  i Ci
///
/// i and r are IDR payloads of the roles initiator and responder, C an ECCPT. The first is an IDR by rule; each names
/// the type of the next, the last says 0, and nothing follows.
public struct PointChain: Sendable, Hashable {
    /// IDRi.
    public let initiator: Identity
    /// ECCPTi, if it is there.
    public let initiatorPoint: ECDHPoint?
    /// IDRr, if it is there.
    public let responder: Identity?
    /// ECCPTr, if it is there.
    public let responderPoint: ECDHPoint?

    /// A chain to send. A responder's point needs the responder before it.
    public init(
        initiator: Identity, initiatorPoint: ECDHPoint? = nil, responder: Identity? = nil,
        responderPoint: ECDHPoint? = nil
    ) {
        self.initiator = initiator
        self.initiatorPoint = initiatorPoint
        self.responder = responder
        self.responderPoint = responder == nil ? nil : responderPoint
    }

    /// Reads a decrypted chain. Points are checked: on their curve, not infinity. Throws `MIKEYError`.
    public init(octets: [UInt8]) throws(MIKEYError) {
        var reader = PayloadReader(octets)
        var next = SubPayloadType.idr
        initiator = try Self.identity(.initiator, reading: &reader, next: &next)
        initiatorPoint = try Self.point(reading: &reader, next: &next)
        if next == PayloadType.last {
            responder = nil
            responderPoint = nil
        } else {
            responder = try Self.identity(.responder, reading: &reader, next: &next)
            responderPoint = try Self.point(reading: &reader, next: &next)
        }
        guard next == PayloadType.last else { throw .malformed("sub-payload \(next) where none may follow") }
        guard reader.remaining == 0 else { throw .trailing(offset: reader.offset, count: reader.remaining) }
    }

    /// The chain as it is encrypted.
    public var octets: [UInt8] {
        var parts: [(type: UInt8, append: (inout [UInt8]) -> Void)] = []
        func append(_ role: IDRPayload.Role, _ identity: Identity?, _ point: ECDHPoint?) {
            if let identity { parts.append((SubPayloadType.idr, IDRPayload(role, identity).append)) }
            if let point { parts.append((SubPayloadType.point, PointPayload(point).append)) }
        }
        append(.initiator, initiator, initiatorPoint)
        append(.responder, responder, responderPoint)
        var octets: [UInt8] = []
        for (index, part) in parts.enumerated() {
            octets.append(index + 1 < parts.count ? parts[index + 1].type : PayloadType.last)
            part.append(&octets)
        }
        return octets
    }

    private static func identity(
        _ role: IDRPayload.Role, reading reader: inout PayloadReader, next: inout UInt8
    ) throws(MIKEYError) -> Identity {
        guard next == SubPayloadType.idr else { throw .malformed("sub-payload \(next) where an IDR belongs") }
        next = try reader.uint8()
        let payload = try IDRPayload(reading: &reader)
        guard payload.role == role else {
            throw .malformed("\(payload.role.name) where \(role.name) belongs")
        }
        return try payload.value.identity
    }

    private static func point(
        reading reader: inout PayloadReader, next: inout UInt8
    ) throws(MIKEYError) -> ECDHPoint? {
        guard next == SubPayloadType.point else { return nil }
        next = try reader.uint8()
        return try PointPayload(reading: &reader).point
    }
}
