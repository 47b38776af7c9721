import Primitives

/// KEMAC's plaintext: dated identities and their private keys in turn (RFC 6267 section 4.2.1.3, docs/protocol.md
/// choice 19).
///
///     ! next payload (1) = 20 ! ID type (1) = 1 ! ID len (2) ! dated identity ~
///     ! next payload (1) = 6 or 0 ! Type (4 bits) = 7 | KV (4 bits) = 0 ! Key data len (2) ! DER BFPrivateKeyBlock ~
public struct PrivateKeyChain: Sendable {
    /// A private key and whose it is.
    public struct Entry: Sendable, Equatable {
        /// The dated identity.
        public let identity: [UInt8]
        /// K_PR: the DER `BFPrivateKeyBlock`.
        public let privateKey: SecretBytes

        /// An entry of up to 65,535 octets each.
        public init(identity: [UInt8], privateKey: SecretBytes) {
            self.identity = identity
            self.privateKey = privateKey
        }
    }

    /// The keys, in the order of the chain.
    public let entries: [Entry]

    private static let typeAndValidity: UInt8 = 0x70

    /// A chain to send.
    public init(_ entries: [Entry]) { self.entries = entries }

    /// Reads a decrypted chain of at least one key. Throws `MIKEYError`.
    public init(octets: SecretBytes) throws(MIKEYError) {
        var reader = SecretReader(octets)
        var entries: [Entry] = []
        do {
            var isLast = false
            while !isLast {
                guard try reader.integer(UInt8.self) == SubPayloadType.keyData,
                    try reader.integer(UInt8.self) == IdentityPayload.uri
                else { throw MIKEYError.malformed("a KEMAC in which a key has no ID of type URI before it") }
                let identity = try reader.octets(Int(try reader.integer(UInt16.self)))
                let next = try reader.integer(UInt8.self)
                guard next == SubPayloadType.id || next == PayloadType.last,
                    try reader.integer(UInt8.self) == Self.typeAndValidity
                else { throw MIKEYError.malformed("a KEMAC with something other than ID and K_PR in turn") }
                let key = try reader.secret(Int(try reader.integer(UInt16.self)))
                entries.append(Entry(identity: identity, privateKey: key))
                isLast = next == PayloadType.last
            }
        } catch {
            throw MIKEYError(reading: error)
        }
        guard reader.isAtEnd else { throw .trailing(offset: reader.offset, count: reader.remaining) }
        self.entries = entries
    }

    /// The chain as it is encrypted. Throws `MIKEYError.tooManyKeys` where it exceeds the 65,535 octets of a KEMAC.
    public var octets: SecretBytes {
        get throws(MIKEYError) {
            var parts: [SecretBytes] = []
            for (index, entry) in entries.enumerated() {
                var head = [SubPayloadType.keyData, IdentityPayload.uri]
                head.append(afterUInt16: entry.identity)
                head += [index + 1 < entries.count ? SubPayloadType.id : PayloadType.last, Self.typeAndValidity]
                head.append(bigEndian: UInt16(entry.privateKey.count))
                parts += [SecretBytes(head), entry.privateKey]
            }
            let octets = SecretBytes.concatenating(parts)
            guard octets.count <= UInt16.max else { throw .tooManyKeys }
            return octets
        }
    }
}
