import Foundation
import Mailbox
import Primitives

/// A folder of received contents: for each deposit its content, named by the id, and beside it a JSON file that tells
/// of it (`ReceivedDeposit`). The JSON file comes last: where it is, the content is whole, verified and durable.
///
/// `ID.EXTENSION`, `ID.json`; what is under way lies in `.incoming/` and is removed when the inbox is opened. The
/// record of what the application has seen is elsewhere, so that it may move or remove files as it likes.
public final class Inbox: Sendable {
    /// The folder.
    public let folder: String
    package let seen: SeenDeposits
    /// Opens the inbox of a profile, which no other process may have open, and cleans up after one that died.
    ///
    /// - Parameter folder: where contents go; `inbox` in the profile where none is given.
    /// Throws `MailboxClientError`: `.locked`, `.file`.
    public convenience init(of profile: Profile, folder: String? = nil, now: UTCTime) throws(MailboxClientError) {
        try self.init(folder: folder ?? "\(profile.folder)/inbox", record: "\(profile.folder)/received", now: now)
    }

    package init(folder: String, record: String, now: UTCTime) throws(MailboxClientError) {
        self.folder = folder
        seen = try MailboxClientError.converting {
            // First the lock: what is cleaned up is then nobody's.
            let seen = try SeenDeposits(folder: record, now: now)
            try DurableFile.makeFolder("\(folder)/.incoming")
            for name in DurableFile.names(in: "\(folder)/.incoming") { unlink("\(folder)/.incoming/\(name)") }
            return seen
        }
    }

    /// Begins to take a content. Throws `FileFailure`.
    package func begin(_ header: DepositHeader) throws(FileFailure) -> ContentFile {
        try ContentFile(path: "\(folder)/.incoming/\(header.fields.id).part")
    }

    /// Stores a content that was verified whole, and its JSON file; durable when this returns.
    ///
    /// Throws `FileFailure`; nothing but the temporary file is there then.
    package func store(_ content: ContentFile, of deposit: ReceivedDeposit) throws -> ReceivedDeposit {
        var deposit = deposit
        var name = deposit.id
        if let there = try metadata(name) {
            if there.headerSHA256 == deposit.headerSHA256 {
                deposit.isRepeat = true
            } else {
                // Two recipients of this machine share the folder, and a sender gave both the same id.
                name += "-\(deposit.headerSHA256.prefix(16))"
                deposit.isRepeat = try metadata(name) != nil
            }
        }
        deposit.path = "\(folder)/\(name).\(MediaType.fileExtension(of: deposit.mediaType))"
        // Content of the type application/json must not have the name of the JSON file.
        if deposit.path == metadataPath(name) { deposit.path = "\(folder)/\(name).content.json" }
        try content.store(as: deposit.path)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFile.write(Array(try encoder.encode(deposit)), to: metadataPath(name))
        return deposit
    }

    /// All deposits whose files are in the folder, as they were received; those of one handshake by their number.
    ///
    /// Throws `MailboxClientError`.
    public func deposits() throws(MailboxClientError) -> [ReceivedDeposit] {
        try MailboxClientError.converting {
            let names = DurableFile.names(in: folder).filter { $0.hasSuffix(".json") && !$0.hasSuffix(".content.json") }
            let deposits = try names.compactMap { try metadata(String($0.dropLast(5))) }
            let firsts = deposits.reduce(into: [String: Int64]()) { firsts, deposit in
                firsts[deposit.handshake] = min(firsts[deposit.handshake] ?? .max, deposit.receivedAtMs)
            }
            return deposits.sorted { left, right in
                let (a, b) = (firsts[left.handshake] ?? 0, firsts[right.handshake] ?? 0)
                return (a, left.handshake, left.number) < (b, right.handshake, right.number)
            }
        }
    }

    private func metadataPath(_ name: String) -> String { "\(folder)/\(name).json" }

    private func metadata(_ name: String) throws(FileFailure) -> ReceivedDeposit? {
        guard let octets = try DurableFile.read(metadataPath(name), limit: 1 << 20) else { return nil }
        return try? JSONDecoder().decode(ReceivedDeposit.self, from: Data(octets))
    }
}
