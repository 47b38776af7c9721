import IdentityBasedEncryption
import Primitives

/// The header of a delivery receipt, which tells a sender that a deposit of hers was acknowledged (docs/protocol.md,
/// choice 26).
///
///     H = f("poste receipt v1") f(id of the deposit) f(identity of its recipient) acknowledged at, ms since 1970(8)
public struct ReceiptHeader: Sendable, Hashable {
    static let label = "poste receipt v1"

    /// The deposit that was acknowledged.
    public let deposit: DepositID
    /// Who acknowledged it.
    public let recipient: Identity
    /// When the mailbox took the acknowledgement.
    public let acknowledgedAt: UTCTime

    /// A header from its fields; moments before 1970 become 1970.
    public init(deposit: DepositID, recipient: Identity, acknowledgedAt: UTCTime) {
        self.deposit = deposit
        self.recipient = recipient
        self.acknowledgedAt = UTCTime(milliseconds: max(acknowledgedAt.milliseconds, 0))
    }

    /// Reads a header.
    /// - Throws: `FormatError`; `.laterVersion` where it is a receipt of a version not known here.
    public init(octets: [UInt8]) throws(FormatError) {
        var reader = FieldReader(octets)
        try reader.label(Self.label, "label of H")
        deposit = try DepositID(octets: reader.framed("deposit id", atMost: DepositID.size))
        recipient = try identity(reader.framed("recipient", atMost: 512), field: "recipient")
        acknowledgedAt = try reader.time("acknowledged at")
        try reader.finish()
    }

    /// The header as it travels.
    public var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.append(lengthPrefixed: Self.label.utf8)
        octets.append(lengthPrefixed: deposit.octets)
        octets.append(lengthPrefixed: recipient.octets)
        octets.append(bigEndian: acknowledgedAt.wire)
        return octets
    }

    /// The id under which the receipt itself lies in the sender's mailbox: made twice, it is one.
    ///
    /// The first 16 octets of SHA-256 of f("poste receipt id v1") f(id of the deposit) f(recipient).
    public var ownID: DepositID {
        var octets: [UInt8] = []
        octets.append(lengthPrefixed: "poste receipt id v1".utf8)
        octets.append(lengthPrefixed: deposit.octets)
        octets.append(lengthPrefixed: recipient.octets)
        return DepositID(truncating: HashFunction.sha256.hash(octets)) ?? deposit
    }
}
