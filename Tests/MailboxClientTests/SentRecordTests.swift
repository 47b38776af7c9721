import IdentityBasedEncryption
import Mailbox
import MailboxClient
import Primitives
import Testing

@Suite struct SentRecordTests {
    private let folder = TemporaryFolder()

    private func record() throws -> SentRecord {
        SentRecord(
            of: try Profile.exists(at: folder.path)
                ? Profile.open(at: folder.path, passphrase: nil)
                : Profile.create(at: folder.path, account: sampleAccount(), psk: SecretBytes([1]), passphrase: nil))
    }

    private func receipt(_ header: DepositHeader, from recipient: String = "sip:bob@example.com") throws
        -> ReceiptHeader
    {
        ReceiptHeader(
            deposit: header.fields.id, recipient: try Identity(recipient), acknowledgedAt: sampleTime)
    }

    @Test func aReceiptIsTakenOnceAlsoAfterARestart() throws {
        let header = try sampleHeader(receipt: true)
        try record().note(header)
        guard case .awaited(let found) = try record().knowledge(of: receipt(header)) else {
            Issue.record("the receipt is not awaited")
            return
        }
        #expect(found == header)
        try record().take(receipt(header), of: header, now: sampleTime)
        guard case .taken = try record().knowledge(of: receipt(header)) else {
            Issue.record("the receipt is awaited again")
            return
        }
    }

    @Test func onlyWhatWasAskedForIsAwaited() throws {
        try record().note(sampleHeader(id: 1, receipt: false))
        try record().note(sampleHeader(id: 2, receipt: true))
        let unknown = [
            try receipt(sampleHeader(id: 1)), try receipt(sampleHeader(id: 3)),
            try receipt(sampleHeader(id: 2), from: "sip:mallory@example.com"),
        ]
        for receipt in unknown {
            guard case .unknown = try record().knowledge(of: receipt) else {
                Issue.record("\(receipt) is taken")
                continue
            }
        }
    }

    @Test func entriesEndWithWhatTheyWaitFor() throws {
        let header = try sampleHeader(receipt: true)
        try record().note(header)
        try record().prune(now: sampleTime.advanced(byMilliseconds: 30 * 86_400_000))
        guard case .awaited = try record().knowledge(of: receipt(header)) else {
            Issue.record("forgotten too early")
            return
        }
        try record().prune(now: sampleTime.advanced(byMilliseconds: 40 * 86_400_000))
        guard case .unknown = try record().knowledge(of: receipt(header)) else {
            Issue.record("kept for ever")
            return
        }
    }
}
