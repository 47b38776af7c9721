import IdentityBasedEncryption
import Primitives

/// How much a mailbox may hold.
public struct Quota: Sendable, Hashable {
    /// The most deposits.
    public var count: UInt64
    /// The most octets of ciphertext.
    public var octets: UInt64

    /// A quota from its parts.
    public init(count: UInt64, octets: UInt64) {
        self.count = count
        self.octets = octets
    }

    /// Whether a mailbox has room for so many octets more. What is stored is never dropped for what comes.
    public func hasRoom(for octets: UInt64, beside usage: MailboxUsage) -> Bool {
        let (sum, overflow) = usage.octets.addingReportingOverflow(octets)
        return usage.count < count && !overflow && sum <= self.octets
    }
}

/// What a front takes.
public struct DepositLimits: Sendable, Hashable {
    /// What a mailbox may hold.
    public var quota: Quota
    /// The longest lifetime, in seconds. More is refused, not cut.
    public var longestLifetime: UInt32
    /// The most octets of ciphertext of one deposit.
    public var largestCiphertext: UInt64

    /// Limits from their parts.
    public init(quota: Quota, longestLifetime: UInt32, largestCiphertext: UInt64) {
        self.quota = quota
        self.longestLifetime = longestLifetime
        self.largestCiphertext = largestCiphertext
    }
}

/// What a front knows of the handshake that a deposit is made under.
public struct HandshakeFacts: Sendable, Hashable {
    /// IDRi.
    public var initiator: Identity
    /// IDRr as called in I_MESSAGE_1.
    public var called: Identity
    /// T of I_MESSAGE_2, 64 bits of NTP.
    public var timestamp: UInt64
    /// The UTC day of that T.
    public var day: UTCDay
    /// SHA-256 of the ESK's Encr data, 32 octets.
    public var encryptedKeyDigest: [UInt8]

    /// Facts from their parts.
    public init(
        initiator: Identity, called: Identity, timestamp: UInt64, day: UTCDay, encryptedKeyDigest: [UInt8]
    ) {
        self.initiator = initiator
        self.called = called
        self.timestamp = timestamp
        self.day = day
        self.encryptedKeyDigest = encryptedKeyDigest
    }
}

/// What a front does with a deposit whose opening tag is right (docs/protocol.md, choices 22 and 24).
public enum Admission: Sendable, Hashable {
    /// Take its content and store it.
    case store
    /// It is stored already: answer with the receipt of this envelope, and store nothing.
    case receiptAgain(Envelope)
    /// Refuse it.
    case refuse(Fault)

    /// Why a deposit is refused.
    public enum Fault: Error, Sendable, Hashable {
        /// IDRi, called IDRr, T or the ESK's digest of H is not that of the handshake.
        case otherHandshake(field: String)
        /// The handshake's day ended more than 600 s ago: make a new one.
        case handshakeTooOld
        /// The lifetime is longer than the front allows, in seconds.
        case lifetimeTooLong(limit: UInt32)
        /// The ciphertext is larger than the front allows, in octets.
        case tooLarge(limit: UInt64)
        /// The mailbox knows this id with another H: take a new id.
        case idInUse
        /// The mailbox is about to forget a deposit of this id whose lifetime has passed: try again in a moment, or
        /// take a new id.
        case idExpiring
        /// The mailbox is full.
        case quotaExceeded
    }

    /// How long a handshake may carry deposits after its day has ended, in ms.
    static let graceMs: Int64 = 600_000

    /// Judges a deposit.
    /// - Parameters:
    ///   - known: what waits in the mailbox under this id, or none.
    ///   - usage: how much waits in the mailbox.
    public init(
        _ header: DepositHeader, under handshake: HandshakeFacts, known: Envelope?, usage: MailboxUsage,
        limits: DepositLimits, now: UTCTime
    ) {
        let fields = header.fields
        if let field = Self.difference(fields, handshake) {
            self = .refuse(.otherHandshake(field: field))
        } else if let known, now < known.expiresAt {
            self = known.header == header.octets ? .receiptAgain(known) : .refuse(.idInUse)
        } else if known != nil {
            // A tombstone for the old one may be on its way, and would end the new one with it.
            self = .refuse(.idExpiring)
        } else if now > handshake.day.advanced(by: 1).start.adding(milliseconds: Self.graceMs) {
            self = .refuse(.handshakeTooOld)
        } else if fields.lifetime > limits.longestLifetime {
            self = .refuse(.lifetimeTooLong(limit: limits.longestLifetime))
        } else if header.layout.ciphertextLength > limits.largestCiphertext {
            self = .refuse(.tooLarge(limit: limits.largestCiphertext))
        } else if !limits.quota.hasRoom(for: header.layout.ciphertextLength, beside: usage) {
            self = .refuse(.quotaExceeded)
        } else {
            self = .store
        }
    }

    private static func difference(_ fields: DepositHeader.Fields, _ handshake: HandshakeFacts) -> String? {
        if fields.sender != handshake.initiator { return "IDRi" }
        if fields.recipient != handshake.called { return "called IDRr" }
        if fields.timestamp != handshake.timestamp { return "T" }
        if fields.encryptedKeyDigest != handshake.encryptedKeyDigest { return "ESK" }
        return nil
    }
}

extension Admission.Fault: CustomStringConvertible {
    /// The fault in plain words.
    public var description: String {
        switch self {
        case .otherHandshake(let field): "\(field) of the header is not that of the handshake"
        case .handshakeTooOld: "the day of the handshake is over; make a new one"
        case .lifetimeTooLong(let limit): "a lifetime of at most \(limit) s is allowed"
        case .tooLarge(let limit): "at most \(limit) octets of ciphertext are allowed"
        case .idInUse: "the mailbox has another deposit of this id; take a new one"
        case .idExpiring: "an expired deposit of this id is being removed; try again in a moment, or take a new id"
        case .quotaExceeded: "the mailbox is full; nothing stored is dropped for it"
        }
    }
}
