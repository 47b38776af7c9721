import IdentityBasedEncryption
import Primitives

/// The deposit header H: all that sender and recipient agree on about a deposit (docs/protocol.md, choice 22).
///
///     H = f("poste deposit v1") f(id) f(IDRi data) f(called IDRr data) T(8)
///         f(curve(1) || SHA-256 of the ESK's Encr data(32)) f(media type) plaintext length(8)
///         chunk size(4) created, ms since 1970(8) lifetime in seconds(4) number within its handshake(4) flags(1)
///
/// H travels as these octets; every key, tag and MAC of a deposit covers them.
public struct DepositHeader: Sendable, Hashable {
    /// The fields of H, before they are checked.
    public struct Fields: Sendable, Hashable {
        /// The id that the sender chose.
        public var id: DepositID
        /// The sender: IDRi of the handshake.
        public var sender: Identity
        /// The recipient: IDRr as called in I_MESSAGE_1.
        public var recipient: Identity
        /// T of I_MESSAGE_2, the 64 bits of its NTP timestamp.
        public var timestamp: UInt64
        /// The curve of SK.
        public var curve: ECDHCurve
        /// SHA-256 of the ESK's Encr data, 32 octets.
        public var encryptedKeyDigest: [UInt8]
        /// The media type, 1 to 255 octets of 20 to 7e hex.
        public var mediaType: String
        /// Octets of the plaintext.
        public var length: UInt64
        /// Octets of plaintext in a chunk, 1 to 2^20.
        public var chunkSize: UInt32
        /// When the sender made it, by his clock.
        public var created: UTCTime
        /// How long it may wait, counted from when the mailbox received it; seconds, at least 1.
        public var lifetime: UInt32
        /// Its number within its handshake: 0, 1, …
        public var number: UInt32
        /// Whether the sender asks for a delivery receipt (flag 01).
        public var wantsReceipt: Bool

        /// Fields from their values.
        public init(
            id: DepositID, sender: Identity, recipient: Identity, timestamp: UInt64, curve: ECDHCurve,
            encryptedKeyDigest: [UInt8], mediaType: String, length: UInt64, chunkSize: UInt32 = 65_536,
            created: UTCTime, lifetime: UInt32, number: UInt32, wantsReceipt: Bool = false
        ) {
            self.id = id
            self.sender = sender
            self.recipient = recipient
            self.timestamp = timestamp
            self.curve = curve
            self.encryptedKeyDigest = encryptedKeyDigest
            self.mediaType = mediaType
            self.length = length
            self.chunkSize = chunkSize
            self.created = created
            self.lifetime = lifetime
            self.number = number
            self.wantsReceipt = wantsReceipt
        }
    }

    /// The label that H begins with.
    static let label = "poste deposit v1"
    /// The most octets of plaintext in a chunk.
    public static let chunkSizeLimit: UInt32 = 1 << 20
    /// The most octets that an H can have: what to allow for one before it is parsed.
    public static let octetLimit = 2048

    /// The fields.
    public let fields: Fields
    /// H as it travels.
    public let octets: [UInt8]
    /// SHA-256(H), 32 octets.
    public let digest: [UInt8]

    /// Makes H.
    /// - Throws: `FormatError.invalid` where a field has a value that choice 22 does not allow.
    public init(_ fields: Fields) throws(FormatError) {
        try Self.check(fields)
        self.fields = fields
        octets = Self.encode(fields)
        digest = HashFunction.sha256.hash(octets)
    }

    /// Reads H.
    /// - Throws: `FormatError`; `.laterVersion` where it is a deposit header of a version not known here.
    public init(octets: [UInt8]) throws(FormatError) {
        var reader = FieldReader(octets)
        try reader.label(Self.label, "label of H")
        let id = try DepositID(octets: reader.framed("deposit id", atMost: DepositID.size))
        let sender = try identity(reader.framed("IDRi", atMost: 512), field: "IDRi")
        let recipient = try identity(reader.framed("called IDRr", atMost: 512), field: "called IDRr")
        let timestamp = try reader.uint64("T")
        let key = try reader.framed("curve and ESK digest", atMost: 33)
        guard key.count == 33, let curve = ECDHCurve(rawValue: key[0]) else {
            throw .invalid(field: "curve and ESK digest", reason: "a curve of 8, 11 or 14 and 32 octets are allowed")
        }
        let mediaType = try reader.framed("media type", atMost: 255)
        guard mediaType.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw .invalid(field: "media type", reason: "octets of 20 to 7e hex are allowed")
        }
        let length = try reader.uint64("plaintext length")
        let chunkSize = try reader.uint32("chunk size")
        let created = try reader.time("created")
        let lifetime = try reader.uint32("lifetime")
        let number = try reader.uint32("number")
        let flags = try reader.uint8("flags")
        guard flags <= 1 else { throw .invalid(field: "flags", reason: "only 01 is defined") }
        try reader.finish()
        fields = Fields(
            id: id, sender: sender, recipient: recipient, timestamp: timestamp, curve: curve,
            encryptedKeyDigest: Array(key[1...]), mediaType: String(decoding: mediaType, as: UTF8.self),
            length: length, chunkSize: chunkSize, created: created, lifetime: lifetime, number: number,
            wantsReceipt: flags == 1)
        try Self.check(fields)
        self.octets = octets
        digest = HashFunction.sha256.hash(octets)
    }

    /// How the content is cut into chunks.
    public var layout: ContentLayout { ContentLayout(length: fields.length, chunkSize: fields.chunkSize) }

    private static func check(_ fields: Fields) throws(FormatError) {
        guard fields.encryptedKeyDigest.count == 32 else {
            throw .invalid(field: "ESK digest", reason: "it has 32 octets")
        }
        let mediaType = fields.mediaType.utf8
        guard (1...255).contains(mediaType.count), mediaType.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw .invalid(field: "media type", reason: "1 to 255 octets of 20 to 7e hex are allowed")
        }
        guard (1...chunkSizeLimit).contains(fields.chunkSize) else {
            throw .invalid(field: "chunk size", reason: "1 to \(chunkSizeLimit) octets are allowed")
        }
        let layout = ContentLayout(length: fields.length, chunkSize: fields.chunkSize)
        guard layout.chunkCount <= 1 << 32 else {
            throw .invalid(field: "plaintext length", reason: "more than 2^32 chunks; take larger chunks")
        }
        guard fields.lifetime >= 1 else { throw .invalid(field: "lifetime", reason: "at least 1 s is needed") }
        guard fields.created.milliseconds >= 0 else { throw .invalid(field: "created", reason: "before 1970") }
    }

    private static func encode(_ fields: Fields) -> [UInt8] {
        var octets: [UInt8] = []
        octets.append(lengthPrefixed: label.utf8)
        octets.append(lengthPrefixed: fields.id.octets)
        octets.append(lengthPrefixed: fields.sender.octets)
        octets.append(lengthPrefixed: fields.recipient.octets)
        octets.append(bigEndian: fields.timestamp)
        octets.append(lengthPrefixed: [fields.curve.rawValue] + fields.encryptedKeyDigest)
        octets.append(lengthPrefixed: fields.mediaType.utf8)
        octets.append(bigEndian: fields.length)
        octets.append(bigEndian: fields.chunkSize)
        octets.append(bigEndian: fields.created.wire)
        octets.append(bigEndian: fields.lifetime)
        octets.append(bigEndian: fields.number)
        octets.append(fields.wantsReceipt ? 1 : 0)
        return octets
    }

    /// Whether two headers are the same octets.
    public static func == (left: Self, right: Self) -> Bool { left.octets == right.octets }

    /// Hashes the octets.
    public func hash(into hasher: inout Hasher) { hasher.combine(octets) }
}
