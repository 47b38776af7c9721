import IdentityBasedEncryption
import MIKEY
import Primitives

/// What an exchange leaves behind: who the two parties are, proved, and TGK.
public struct EstablishedSession: Sendable, Equatable {
    /// CSB ID.
    public let csbID: UInt32
    /// IDRi, whom the exchange proved to the responder.
    public let initiator: Identity
    /// IDRr of I_MESSAGE_1: whom the initiator called, and for whom the ESK is. Nothing in the exchange proves it to
    /// the mailbox; the deposit's header does (docs/protocol.md choice 24).
    public let called: Identity
    /// IDRr of R_MESSAGE_1, whom V proved to the initiator.
    public let responder: Identity
    /// T of I_MESSAGE_2.
    public let timestamp: NTPTimestamp
    /// SHA-256 of I_MESSAGE_2 as sent.
    public let iMessage2Digest: [UInt8]
    /// TGK, 256 bits (RFC 6267 section 5.1).
    public let tgk: SecretBytes
    /// What both sides know the ESK by, if one was sent (docs/protocol.md choice 15).
    public let esk: BoundESK?
    /// SK, at the initiator that made one.
    public let secretKey: SecretKey?

    /// SK, its curve, and the ESK that brings it to the one called.
    public struct SecretKey: Sendable, Equatable {
        /// The curve.
        public let curve: ECDHCurve
        /// SK: 04 || X || Y of [a]P.
        public let octets: SecretBytes
        /// Encr data of the ESK: what every deposit's opening repeats (docs/protocol.md choice 24).
        public let esk: [UInt8]
    }

    /// Whether somebody other than the one called answered.
    public var isDeferredOrRedirected: Bool { called != responder }

    /// CSB ID in four octets.
    public var csbIDOctets: [UInt8] {
        var octets: [UInt8] = []
        octets.append(bigEndian: csbID)
        return octets
    }

    /// Until when deposits may be opened under the session: 600 s after its day ends (docs/protocol.md choice 24).
    public var depositsEnd: UTCTime {
        timestamp.time.day.advanced(by: 1).start.advanced(byMilliseconds: NTPTimestamp.window)
    }
}

extension EstablishedSession {
    private static let version: UInt8 = 2

    /// The session for a store: it holds TGK and SK.
    ///
    ///     ! version (1) = 2 ! CSB ID (4) ! T (8) ! SHA-256 of I_MESSAGE_2 (32) ! f(IDRi) ! f(called IDRr) ! f(IDRr)
    ///     ! f(TGK) ! 0, or 1 ! T (8) ! SHA-256 of the ESK (32) ! 0, or 1 ! curve (1) ! f(SK) ! f(ESK) !
    ///
    /// The last part is an initiator's: no responder has it.
    public var serialized: SecretBytes {
        var writer = StateWriter()
        writer.append(Self.version)
        writer.append(csbID)
        writer.append(timestamp.rawValue)
        writer.append(iMessage2Digest)
        for identity in [initiator, called, responder] { writer.append(lengthPrefixed: identity.octets) }
        writer.append(lengthPrefixed: tgk)
        writer.append(esk)
        writer.append(UInt8(secretKey == nil ? 0 : 1))
        if let secretKey {
            writer.append(secretKey.curve.rawValue)
            writer.append(lengthPrefixed: secretKey.octets)
            writer.append(lengthPrefixed: secretKey.esk)
        }
        return writer.octets
    }

    /// Reads a stored session. Throws `CorruptState`.
    public init(serialized: SecretBytes) throws(CorruptState) {
        var reader = StateReader(serialized, of: "session")
        try reader.require(Self.version)
        csbID = try reader.integer()
        timestamp = NTPTimestamp(rawValue: try reader.integer())
        iMessage2Digest = try reader.octets(HashFunction.sha256.octetCount)
        initiator = try reader.identity()
        called = try reader.identity()
        responder = try reader.identity()
        tgk = try reader.secret(ofCount: 32)
        esk = try reader.esk()
        if try reader.flag() {
            let curve = try reader.curve()
            let octets = try reader.secret(ofCount: curve.pointOctetCount)
            secretKey = SecretKey(curve: curve, octets: octets, esk: try reader.lengthPrefixed())
        } else {
            secretKey = nil
        }
        try reader.finish()
    }
}
