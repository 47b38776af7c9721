import IdentityBasedEncryption
import Primitives

/// Why a recipient refuses a delivery.
public enum Refusal: Error, Sendable, Hashable {
    /// Its header is malformed.
    case malformedHeader(FormatError)
    /// It is for somebody else.
    case otherRecipient
    /// The header names another sender than the mailbox authenticated.
    case otherSender
    /// The ESK is not the one that the header binds.
    case otherESK
    /// The ESK does not open, or is malformed inside.
    case unreadableESK
    /// The ESK names another sender than the header.
    case otherSenderInESK
    /// SK is not a point of the curve that the header names.
    case otherCurve
    /// Sender and recipient have one KMS, and the proof is missing.
    case missingProof
    /// The sender proof is wrong.
    case wrongProof
    /// The content is cut, too long, or does not open.
    case content(ContentError)
    /// A delivery receipt that carries a key or a proof.
    case receiptWithContent
    /// A delivery receipt about nothing that was deposited, or one not asked for.
    case unexpectedReceipt
}

/// A deposit whose opening was without fault; its ESK is next.
public struct IncomingDeposit: Sendable {
    /// The header.
    public let header: DepositHeader
    /// The opening.
    public let delivery: Delivery

    /// Goes on to the content, with what the ESK held.
    /// - Parameters:
    ///   - sender: the identity in the ESK's IDR payload.
    ///   - sk: the uncompressed octet string of the point in its SK payload; checked by who opened it.
    /// - Throws: `Refusal`.
    public func content(sender: Identity, sk: SecretBytes) throws(Refusal) -> IncomingContent {
        guard sender == header.fields.sender else { throw .otherSenderInESK }
        guard sk.count == header.fields.curve.pointOctetCount else { throw .otherCurve }
        do {
            return IncomingContent(
                header: header, proof: delivery.senderProof, opening: try ContentOpening(sk: sk, header: header))
        } catch {
            throw .content(.failed(reason: error.description))
        }
    }
}

/// A content on its way in. Nothing of it counts before `finish` returns.
public struct IncomingContent: Sendable {
    /// What a sender proof can be checked with.
    public enum ProofBasis: Sendable {
        /// k of choice 25, one for each valid serial of the parameters that both have.
        case keys([SecretBytes])
        /// Sender and recipient have parameters of different KMSs: there is no key, and a proof is ignored.
        case differentKMS
    }

    /// On whose word the sender's name rests.
    public enum Attribution: Sendable, Hashable {
        /// The sender proof is right.
        case verified
        /// The mailbox's, since no proof can exist between two KMSs.
        case attestedByMailbox
    }

    private let header: DepositHeader
    private let proof: [UInt8]?
    private var opening: ContentOpening

    init(header: DepositHeader, proof: [UInt8]?, opening: ContentOpening) {
        self.header = header
        self.proof = proof
        self.opening = opening
    }

    /// Takes more of the ciphertext and gives the plaintext of the chunks that it completes.
    /// - Throws: `Refusal.content`.
    public mutating func append(_ ciphertext: [UInt8]) throws(Refusal) -> [SecretBytes] {
        do {
            return try opening.append(ciphertext)
        } catch {
            throw .content(error)
        }
    }

    /// Ends the content: all of it came, and the name of its sender stands.
    /// - Throws: `Refusal`.
    public func finish(_ basis: ProofBasis) throws(Refusal) -> Attribution {
        let digest: [UInt8]
        do {
            digest = try opening.finish()
        } catch {
            throw .content(error)
        }
        guard case .keys(let keys) = basis else { return .attestedByMailbox }
        guard let proof else { throw .missingProof }
        guard SenderProof.verify(proof, keys: keys, header: header, ciphertextDigest: digest) else {
            throw .wrongProof
        }
        return .verified
    }
}

extension ReceiptHeader {
    /// Whether this receipt tells of a deposit that its sender made with this header, and asked to be told of.
    public func tells(of header: DepositHeader) -> Bool {
        header.fields.wantsReceipt && header.fields.id == deposit && header.fields.recipient == recipient
    }
}

extension Refusal: CustomStringConvertible {
    /// The fault in plain words.
    public var description: String {
        switch self {
        case .malformedHeader(let fault): "malformed header: \(fault)"
        case .otherRecipient: "for another recipient"
        case .otherSender: "the header names another sender than the mailbox authenticated"
        case .otherESK: "the encrypted key is not the one that the header binds"
        case .unreadableESK: "the encrypted key does not open"
        case .otherSenderInESK: "the encrypted key names another sender"
        case .otherCurve: "the key is of another curve than the header says"
        case .missingProof: "the sender proof is missing, though sender and recipient have one KMS"
        case .wrongProof: "the sender proof is wrong"
        case .content(let fault): fault.description
        case .receiptWithContent: "a delivery receipt with a key or a proof"
        case .unexpectedReceipt: "a delivery receipt about nothing that awaits one"
        }
    }
}
