import IdentityBasedEncryption
import Primitives

/// What the log keeps of a deposit or a delivery receipt: all that its recipient is given, and where the content lies.
public struct Envelope: Sendable, Hashable {
    /// What kind of mail it is, with its header read.
    public enum Subject: Sendable, Hashable {
        /// Somebody left it.
        case deposit(DepositHeader)
        /// The mailbox tells a sender that a deposit was acknowledged.
        case receipt(ReceiptHeader)
    }

    /// Where the ciphertext lies.
    public enum Place: Sendable, Hashable {
        /// In the envelope.
        case inline([UInt8])
        /// In the contents topic.
        case run(ContentRun)
    }

    /// How long a delivery receipt waits: 30 days, in seconds.
    public static let receiptLifetime: UInt32 = 2_592_000
    /// The most octets of ciphertext that an envelope may carry itself.
    public static let inlineLimit = 1 << 19

    /// The mailbox that it lies in.
    public let mailbox: Identity
    /// The header, read.
    public let subject: Subject
    /// The header as it came, H.
    public let header: [UInt8]
    /// The ESK's Encr data; empty in a receipt.
    public let encryptedKey: [UInt8]
    /// The sender, as the mailbox authenticated it.
    public let sender: Identity
    /// When the mailbox received it.
    public let receivedAt: UTCTime
    /// The sender proof, 32 octets, or none.
    public let senderProof: [UInt8]?
    /// Octets of the ciphertext.
    public let ciphertextLength: UInt64
    /// SHA-256 of the ciphertext, 32 octets.
    public let ciphertextDigest: [UInt8]
    /// Where the ciphertext lies.
    public let place: Place

    /// The envelope of a deposit.
    /// - Throws: `FormatError.invalid` where the ESK is not the one that H binds, the place does not hold what H
    ///   announces, or a field has a wrong size. The sender is IDRi of H: the front has compared it with the
    ///   handshake's.
    public init(
        deposit header: DepositHeader, encryptedKey: [UInt8], receivedAt: UTCTime, senderProof: [UInt8]?,
        ciphertextDigest: [UInt8], place: Place
    ) throws(FormatError) {
        mailbox = header.fields.recipient
        subject = .deposit(header)
        self.header = header.octets
        self.encryptedKey = encryptedKey
        sender = header.fields.sender
        self.receivedAt = receivedAt
        self.senderProof = senderProof
        ciphertextLength = header.layout.ciphertextLength
        self.ciphertextDigest = ciphertextDigest
        self.place = place
        try check()
    }

    /// The envelope of a delivery receipt for `sender`, who made the deposit.
    /// - Throws: `FormatError.invalid` where `sender` has no mailbox of its own.
    public init(receipt header: ReceiptHeader, to sender: Identity, receivedAt: UTCTime) throws(FormatError) {
        guard let mailboxService = sender.mailbox else {
            throw .invalid(field: "receipt", reason: "\(sender) has no mailbox")
        }
        mailbox = sender
        subject = .receipt(header)
        self.header = header.octets
        encryptedKey = []
        self.sender = mailboxService
        self.receivedAt = receivedAt
        senderProof = nil
        ciphertextLength = 0
        ciphertextDigest = HashFunction.sha256.hash([UInt8]())
        place = .inline([])
        try check()
    }

    /// The id that the envelope has in the log: the deposit's, or the receipt's own.
    public var id: DepositID {
        switch subject {
        case .deposit(let header): header.fields.id
        case .receipt(let header): header.ownID
        }
    }

    /// The id that an acknowledgement names: for a receipt the deposit that it is about.
    public var acknowledgedID: DepositID {
        switch subject {
        case .deposit(let header): header.fields.id
        case .receipt(let header): header.deposit
        }
    }

    /// Its key in the log and in the view.
    public var key: DepositKey { DepositKey(id: id, mailbox: mailbox) }

    /// When its lifetime has passed.
    public var expiresAt: UTCTime {
        switch subject {
        case .deposit(let header): receivedAt.adding(seconds: header.fields.lifetime)
        case .receipt: receivedAt.adding(seconds: Self.receiptLifetime)
        }
    }

    /// Who asked to be told of the acknowledgement, or none.
    public var receiptTo: Identity? {
        guard case .deposit(let header) = subject, header.fields.wantsReceipt else { return nil }
        return header.fields.sender
    }

    /// What the receipt for the deposit vouched for.
    public var stored: StoredContent {
        StoredContent(
            id: id, receivedAt: receivedAt, ciphertextDigest: ciphertextDigest, senderProof: senderProof)
    }

    func check() throws(FormatError) {
        guard ciphertextDigest.count == 32 else {
            throw .invalid(field: "ciphertext digest", reason: "it has 32 octets")
        }
        guard senderProof.map({ $0.count == SenderProof.size }) ?? true else {
            throw .invalid(field: "sender proof", reason: "it has 32 octets")
        }
        guard receivedAt.milliseconds >= 0 else { throw .invalid(field: "received at", reason: "before 1970") }
        if case .inline(let octets) = place {
            guard octets.count <= Self.inlineLimit, UInt64(octets.count) == ciphertextLength else {
                throw .invalid(
                    field: "inline ciphertext", reason: "\(octets.count) octets; not what the header announces")
            }
        }
        guard case .deposit(let header) = subject else { return }
        guard HashFunction.sha256.hash(encryptedKey) == header.fields.encryptedKeyDigest else {
            throw .invalid(field: "ESK", reason: "not the one that the header binds")
        }
    }
}
