import Mailbox
import Primitives

/// The content of one delivery, as its chunks come: checked, decrypted and written into a file that does not count yet.
struct DeliveryContent {
    let header: DepositHeader
    let receivedAt: UTCTime
    private var content: IncomingContent
    private let file: ContentFile

    init(_ content: IncomingContent, of incoming: IncomingDeposit, file: ContentFile) {
        header = incoming.header
        receivedAt = incoming.delivery.receivedAt
        self.content = content
        self.file = file
    }

    /// Takes a chunk. Throws `Refusal`, and `FileFailure` where the disk does not take it.
    mutating func append(_ chunk: [UInt8]) throws {
        for plaintext in try content.append(chunk) { try file.append(plaintext) }
    }

    /// Octets of the content that were written.
    var received: UInt64 { file.count }

    /// Checks that it is whole and its sender's, and stores it. Throws `Refusal`, `FileFailure`.
    func store(in inbox: Inbox, basis: IncomingContent.ProofBasis) throws -> ReceivedDeposit {
        let evidence: ReceivedDeposit.SenderEvidence =
            switch try content.finish(basis) {
            case .verified: .verified
            case .attestedByMailbox: .attested
            }
        let deposit = ReceivedDeposit(
            header: header, evidence: evidence, receivedAt: receivedAt, contentDigest: file.digest)
        return try inbox.store(file, of: deposit)
    }
}
