import IdentityBasedEncryption

/// What names one deposit in the log and in the view: its id and the mailbox that it lies in.
///
/// An id is unique within a mailbox only (docs/protocol.md, choice 24), and a compacted topic keeps the last record of
/// each key. So the key of a record carries both; with the id alone, one id sent to two mailboxes of a partition would
/// erase the first deposit.
public struct DepositKey: Sendable, Hashable {
    /// The id that the sender chose.
    public let id: DepositID
    /// The mailbox: the called IDRr of the deposit.
    public let mailbox: Identity

    /// The key of a deposit in a mailbox.
    public init(id: DepositID, mailbox: Identity) {
        self.id = id
        self.mailbox = mailbox
    }

    /// Hashes the id alone: it is random, and few mailboxes have one in common.
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }

    /// The key as a record of the log carries it: the 16 octets of the id, then the ID data of the mailbox.
    public var octets: [UInt8] { id.octets + mailbox.octets }

    /// Reads the key of a record.
    /// - Throws: `FormatError` unless it is an id and an identity.
    public init(octets: [UInt8]) throws(FormatError) {
        guard let id = DepositID(truncating: octets) else { throw .truncated(field: "record key") }
        self.id = id
        mailbox = try identity(Array(octets.dropFirst(DepositID.size)), field: "mailbox in the record key")
    }
}

/// An identity from its ID data, with the fault in the terms of this module.
func identity(_ octets: [UInt8], field: String) throws(FormatError) -> Identity {
    do {
        return try Identity(octets: octets)
    } catch {
        throw .invalid(field: field, reason: "not an identity: a URI of 1 to 512 octets of 21 to 7e hex")
    }
}
