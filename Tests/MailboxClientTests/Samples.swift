import Foundation
import IdentityBasedEncryption
import Mailbox
import MailboxClient
import Primitives

/// A folder that is gone when its owner is.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("poste-\(UUID().uuidString)").path
        mkdir(path, 0o700)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// All files below the folder with their octets.
    func files() -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: path) ?? .init() {
            if let data = FileManager.default.contents(atPath: "\(path)/\(name)") { files[name] = Array(data) }
        }
        return files
    }

    func mode(of name: String) -> mode_t {
        var status = stat()
        stat(name.isEmpty ? path : "\(path)/\(name)", &status)
        return status.st_mode & 0o777
    }
}

func sampleAccount(_ uris: [String] = ["sip:alice@example.com"]) throws -> Account {
    Account(
        identities: try uris.map { try Identity($0) }, kms: try Identity("sip:kms@example.com"), pskName: [1, 2, 3],
        endpoints: .fixed(Endpoints(kms: "127.0.0.1:1", fronts: ["127.0.0.1:2"], roots: "none")))
}

func sampleHeader(
    id: UInt8 = 1, recipient: String = "sip:bob@example.com", number: UInt32 = 0, length: UInt64 = 3,
    mediaType: String = "text/plain", receipt: Bool = false, handshake: UInt8 = 9, lifetime: UInt32 = 60,
    created: Int64 = 1_796_000_000_000
) throws -> DepositHeader {
    try DepositHeader(
        DepositHeader.Fields(
            id: DepositID(octets: Array(repeating: id, count: 16)), sender: Identity("sip:alice@example.com"),
            recipient: Identity(recipient), timestamp: 1 << 63, curve: .p256,
            encryptedKeyDigest: Array(repeating: handshake, count: 32), mediaType: mediaType, length: length,
            created: UTCTime(milliseconds: created), lifetime: lifetime, number: number, wantsReceipt: receipt))
}

let sampleTime = UTCTime(milliseconds: 1_796_000_000_000)

/// Stores a content as if it had been received.
func store(_ content: [UInt8], _ header: DepositHeader, in inbox: Inbox) throws -> ReceivedDeposit {
    let file = try inbox.begin(header)
    try file.append(SecretBytes(content))
    return try inbox.store(
        file,
        of: ReceivedDeposit(header: header, evidence: .verified, receivedAt: sampleTime, contentDigest: file.digest))
}

// Swift 6.0's #expect(throws:) does not give the error.

/// The client's error that the body throws; nil where it throws none.
func failure(_ body: () throws -> some Any) -> MailboxClientError? {
    do { _ = try body() } catch { return error as? MailboxClientError }
    return nil
}

/// The client's error that the body throws; nil where it throws none.
func failure(_ body: () async throws -> some Sendable) async -> MailboxClientError? {
    do { _ = try await body() } catch { return error as? MailboxClientError }
    return nil
}

/// What the operating system refused to the body; nil where it refused nothing.
func fileFailure(_ body: () throws -> some Any) -> FileFailure? {
    do { _ = try body() } catch { return error as? FileFailure }
    return nil
}
