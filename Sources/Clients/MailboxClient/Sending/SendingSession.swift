import IBAKE
import IdentityBasedEncryption
import Mailbox
import Primitives

/// An exchange with the mailbox of a recipient, under which deposits are left for him; their numbers keep their order.
///
/// Made by `MailboxClient.openSession`. It serves until 600 s after the day of its exchange has ended.
public actor SendingSession {
    /// Who sends.
    public nonisolated let sender: Identity
    /// For whom.
    public nonisolated let recipient: Identity

    private let session: EstablishedSession
    private let ring: KeyRing
    private let client: MailboxClient
    private var next: UInt32 = 0
    /// The id of the first deposit, which the exchange was traced under.
    private var first: DepositID?

    init(_ session: EstablishedSession, ring: KeyRing, first: DepositID, client: MailboxClient) {
        self.first = first
        sender = session.initiator
        recipient = session.called
        self.session = session
        self.ring = ring
        self.client = client
    }

    /// Leaves a deposit; returns when the mailbox has it durably and its receipt was checked.
    ///
    /// What breaks is sent again with the same id, header and octets, so that it is there once. Deposits that are begun
    /// one after the other are in that order for the recipient.
    ///
    /// - Parameter progress: hears how many octets of the content are on their way; after a break it begins anew.
    /// Throws `MailboxClientError`; with `.sessionGone` nothing was stored.
    public func deposit(
        _ content: ContentSource, _ options: DepositOptions = DepositOptions(),
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws(MailboxClientError) -> SentDeposit {
        let number = next
        next += 1
        do {
            let header = try header(content, options, number)
            let task = DepositTask(
                session: session, header: header, content: content,
                proofKey: try await proofKey(header.fields.id), caller: client.caller, progress: progress)
            try SentRecord(of: client.profile).note(header)
            return try await task.run()
        } catch {
            throw MailboxClientError(error)
        }
    }

    private func header(
        _ content: ContentSource, _ options: DepositOptions, _ number: UInt32
    ) throws -> DepositHeader {
        guard let esk = session.esk, let sk = session.secretKey else {
            throw MailboxClientError.untrusted(peer: "mailbox", reason: "the exchange brought no ESK")
        }
        do {
            let id = try first.take() ?? DepositID(octets: SystemRandom().octets(DepositID.size))
            return try DepositHeader(
                DepositHeader.Fields(
                    id: id, sender: sender, recipient: recipient,
                    timestamp: session.timestamp.rawValue, curve: sk.curve,
                    encryptedKeyDigest: esk.digest, mediaType: options.mediaType,
                    length: content.length, chunkSize: options.chunkSize, created: client.now(),
                    lifetime: options.lifetimeSeconds, number: number, wantsReceipt: options.wantsReceipt))
        } catch let fault as FormatError {
            throw MailboxClientError.unusable(what: content.name, reason: "\(fault)")
        }
    }

    /// k of choice 25, under the parameters that the ESK was made with.
    private func proofKey(_ id: DepositID) async throws -> SecretBytes {
        let day = session.timestamp.time.day
        let parameters = ring.parameters(for: recipient).first
        let own = ring.privateKeys(for: DatedIdentity(sender, on: day)).first { $0.parameters == parameters }
        guard let own else {
            throw MailboxClientError.noKey(
                identity: "\(sender)", reason: "none of \(day) under the KMS's latest parameters")
        }
        let peer = DatedIdentity(recipient, on: day)
        return try await client.pool.run {
            try SenderProofKey.derive(own: own, peer: peer, depositID: id.octets, parameters: own.parameters)
        }
    }
}
