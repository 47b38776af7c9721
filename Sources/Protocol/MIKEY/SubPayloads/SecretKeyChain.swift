import IdentityBasedEncryption
import Primitives

/// The inner chain of ESK: who made it, and SK (RFC 6267 sections 4.2.2 and 6.1.5, docs/protocol.md choice 2).
///
///     IDR(role 1) !
///     ! next payload (1) = 0 ! Type (4 bits) = 1 | KV (4 bits) = 0
///     ! Key data len (2) = 65, 97 or 133 ! [a]P as 04 || X || Y !
public struct SecretKeyChain: Sendable, Equatable {
    /// Who made SK.
    public let initiator: Identity
    /// The curve, which SK's length tells.
    public let curve: ECDHCurve
    /// SK: the uncompressed octets of a point of the curve, whose scalar nobody kept.
    public let sk: SecretBytes

    private static let typeAndValidity: UInt8 = 0x10

    /// A fresh SK. Draws one scalar. Throws what `random` throws.
    public init(initiator: Identity, curve: ECDHCurve, random: some RandomSource) throws {
        self.initiator = initiator
        self.curve = curve
        sk = try curve.secretPoint(random: random)
    }

    /// Reads a decrypted chain. The point is checked: uncompressed, on its curve. Throws `MIKEYError`.
    public init(octets: SecretBytes) throws(MIKEYError) {
        var reader = SecretReader(octets)
        do {
            // IDR up to its length, then its data: none of it secret.
            let head = try reader.octets(5)
            let count = Int(head[3]) << 8 | Int(head[4])
            var fields = PayloadReader(head + (try reader.octets(count)))
            let next = try fields.uint8()
            let idr = try IDRPayload(reading: &fields)
            guard idr.role == .initiator, next == SubPayloadType.secretKey else {
                throw MIKEYError.malformed("an ESK that is not IDRi and SK")
            }
            initiator = try idr.value.identity
            guard try reader.integer(UInt8.self) == PayloadType.last else {
                throw MIKEYError.malformed("a sub-payload behind SK")
            }
            guard try reader.integer(UInt8.self) == Self.typeAndValidity else {
                throw MIKEYError.malformed("SK of another type than 1, or with key validity data")
            }
            let length = Int(try reader.integer(UInt16.self))
            guard let curve = ECDHCurve.allCases.first(where: { $0.pointOctetCount == length }) else {
                throw MIKEYError.malformed("SK of \(length) octets; it has 65, 97 or 133")
            }
            self.curve = curve
            sk = try reader.secret(length)
        } catch {
            throw MIKEYError(reading: error)
        }
        guard reader.isAtEnd else { throw .trailing(offset: reader.offset, count: reader.remaining) }
        guard curve.isUncompressedPoint(sk) else { throw .malformed("SK that is no uncompressed point of its curve") }
    }

    /// The chain as it is encrypted.
    public var octets: SecretBytes {
        var head: [UInt8] = [SubPayloadType.secretKey]
        IDRPayload(.initiator, initiator).append(to: &head)
        head += [PayloadType.last, Self.typeAndValidity]
        head.append(bigEndian: UInt16(sk.count))
        return SecretBytes.concatenating([SecretBytes(head), sk])
    }
}
