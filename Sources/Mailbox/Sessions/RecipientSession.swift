import IdentityBasedEncryption
import Primitives

/// The recipient's side of his stream: all that he checks before he believes a delivery (docs/protocol.md, choice 26).
///
/// What he refuses he says so; what he cannot judge he leaves, and it comes again in his next stream.
public struct RecipientSession: Sendable {
    /// Who the stream belongs to.
    public let recipient: Identity
    private let key: DeliveryKey
    private var next: UInt64 = 0

    /// What breaks the stream: close it and open another.
    public enum Fault: Error, Sendable, Hashable {
        /// The MAC is not under the key of this stream's exchange.
        case wrongMAC
        /// A delivery was repeated, left out or moved.
        case wrongSequence(expected: UInt64, received: UInt64)
    }

    /// What to do about a delivery.
    public enum Judgement: Sendable {
        /// A deposit so far without fault: go on with its ESK.
        case deposit(IncomingDeposit)
        /// A delivery receipt without fault: take it once, where `ReceiptHeader.tells(of:)` a deposit of one's own;
        /// then acknowledge it.
        case receipt(ReceiptHeader)
        /// Refuse it: acknowledge as refused.
        case refuse(DepositID, Refusal)
        /// Leave it unanswered.
        case leave(LeaveReason)
    }

    /// Why a delivery is left unanswered.
    public enum LeaveReason: Error, Sendable, Hashable {
        /// Its header is of a later version: update this program.
        case laterVersion(label: String)
        /// Its header has not even an id that an answer could name.
        case unreadableHeader
        /// No private key of the day of its T is at hand: fetch it from the KMS.
        case noPrivateKey
    }

    /// Begins a stream.
    /// - Parameters:
    ///   - tgk: TGK of the stream's own exchange, whose other side must be the mailbox of `recipient`.
    ///   - csbID: its CSB ID, 4 octets.
    /// - Throws: `CryptographyFailure` where OpenSSL fails.
    public init(tgk: SecretBytes, csbID: [UInt8], recipient: Identity) throws(CryptographyFailure) {
        key = try DeliveryKey(tgk: tgk, csbID: csbID)
        self.recipient = recipient
    }

    /// Takes the opening of a delivery. The count goes on when MAC and sequence are right, whatever is found inside.
    /// - Throws: `Fault`.
    public mutating func receive(_ delivery: Delivery) throws(Fault) -> Judgement {
        guard key.verify(delivery) else { throw .wrongMAC }
        guard delivery.sequence == next else { throw .wrongSequence(expected: next, received: delivery.sequence) }
        next += 1
        return judge(delivery)
    }

    /// Says that a delivery is taken and stored.
    public func acknowledge(_ sequence: UInt64, _ id: DepositID) -> Acknowledgement {
        key.acknowledgement(of: sequence, id: id, isRefusal: false)
    }

    /// Says that a delivery is refused.
    public func refuse(_ sequence: UInt64, _ id: DepositID) -> Acknowledgement {
        key.acknowledgement(of: sequence, id: id, isRefusal: true)
    }

    /// What a recipient whom his mailbox has dialled says once: which TLS certificate is his own (docs/protocol.md,
    /// choice 29).
    public func contactMAC(certificateDigest: [UInt8]) -> [UInt8] {
        key.contactMAC(certificateDigest: certificateDigest)
    }

    private func judge(_ delivery: Delivery) -> Judgement {
        switch DeliveredHeader(delivery.header) {
        case .deposit(let header): judge(header, delivery)
        case .receipt(let header): judge(header, delivery)
        case .laterVersion(let label): .leave(.laterVersion(label: label))
        case .malformed(let fault, let id):
            id.map { .refuse($0, .malformedHeader(fault)) } ?? .leave(.unreadableHeader)
        }
    }

    private func judge(_ header: DepositHeader, _ delivery: Delivery) -> Judgement {
        let fields = header.fields
        guard fields.recipient == recipient else { return .refuse(fields.id, .otherRecipient) }
        guard fields.sender.octets == delivery.sender else { return .refuse(fields.id, .otherSender) }
        guard fields.encryptedKeyDigest == HashFunction.sha256.hash(delivery.encryptedKey) else {
            return .refuse(fields.id, .otherESK)
        }
        return .deposit(IncomingDeposit(header: header, delivery: delivery))
    }

    private func judge(_ header: ReceiptHeader, _ delivery: Delivery) -> Judgement {
        guard let mailbox = recipient.mailbox, mailbox.octets == delivery.sender else {
            return .refuse(header.deposit, .otherSender)
        }
        guard delivery.encryptedKey.isEmpty, delivery.senderProof == nil else {
            return .refuse(header.deposit, .receiptWithContent)
        }
        return .receipt(header)
    }
}

/// What the header of a delivery is.
enum DeliveredHeader {
    case deposit(DepositHeader)
    case receipt(ReceiptHeader)
    case laterVersion(String)
    case malformed(FormatError, DepositID?)

    init(_ octets: [UInt8]) {
        do throws(FormatError) {
            if Self.begins(octets, with: "poste receipt ") {
                self = .receipt(try ReceiptHeader(octets: octets))
            } else {
                self = .deposit(try DepositHeader(octets: octets))
            }
        } catch .laterVersion(let label) {
            self = .laterVersion(label)
        } catch {
            self = .malformed(error, Self.readableID(octets))
        }
    }

    private static func begins(_ octets: [UInt8], with label: String) -> Bool {
        octets.dropFirst(4).starts(with: label.utf8)
    }

    /// The id of a header that is wrong further on: both kinds begin with f(label) f(id).
    private static func readableID(_ octets: [UInt8]) -> DepositID? {
        var reader = FieldReader(octets)
        guard let label = try? reader.framed("label", atMost: 64),
            [DepositHeader.label, ReceiptHeader.label].contains(where: { Array($0.utf8) == label }),
            let id = try? reader.framed("id", atMost: DepositID.size)
        else { return nil }
        return try? DepositID(octets: id)
    }
}

extension RecipientSession.Fault: CustomStringConvertible {
    /// The fault in plain words.
    public var description: String {
        switch self {
        case .wrongMAC: "a delivery has a wrong MAC; close this stream and open another"
        case .wrongSequence(let expected, let received):
            "delivery \(received) came where \(expected) was due; close this stream and open another"
        }
    }
}
