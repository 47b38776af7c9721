import Foundation
import Primitives

/// What is to be sent: octets that can be read again, since a deposit that broke is sent once more.
public struct ContentSource: Sendable {
    /// What messages call it: a path, or what else it is.
    public let name: String
    /// How many octets.
    public let length: UInt64
    private let storage: Storage

    private enum Storage: Sendable {
        case octets([UInt8])
        case file(OpenFile)
    }

    /// Octets in memory.
    public init(_ octets: [UInt8], name: String = "the text") {
        self.name = name
        length = UInt64(octets.count)
        storage = .octets(octets)
    }

    /// A file, which is read as it is sent and must not change meanwhile.
    ///
    /// Throws `MailboxClientError.file`, and `.unusable` for what is no plain file.
    public init(file path: String) throws(MailboxClientError) {
        let (file, length) = try MailboxClientError.converting {
            let file = try OpenFile(path, O_RDONLY)
            guard try file.isRegular else {
                throw MailboxClientError.unusable(
                    what: path, reason: "not a plain file, which can be read again; send it through standard input")
            }
            return (file, try file.length)
        }
        name = path
        self.length = length
        storage = .file(file)
    }

    /// All that standard input or a pipe brings: up to 1 MiB in memory, more in a file without a name in `folder`,
    /// which no other process can open and which ends with this one.
    ///
    /// Throws `MailboxClientError.file`.
    public init(draining input: OpenFile, spoolingIn folder: String) throws(MailboxClientError) {
        let (storage, length) = try MailboxClientError.converting {
            let first = try input.readNext(Self.spoolThreshold)
            guard first.count == Self.spoolThreshold else { return (Storage.octets(first), UInt64(first.count)) }
            let path = "\(folder)/\(UUID().uuidString).spool"
            let spool = try OpenFile(path, O_RDWR | O_CREAT | O_EXCL)
            unlink(path)
            var piece = first
            while !piece.isEmpty {
                try spool.write(piece)
                piece = try input.readNext(Self.spoolThreshold)
            }
            return (.file(spool), try spool.length)
        }
        name = input.path
        self.length = length
        self.storage = storage
    }

    /// `count` octets from a place on; fewer only where it ends. Throws `FileFailure`.
    package func read(at offset: UInt64, count: Int) throws(FileFailure) -> [UInt8] {
        switch storage {
        case .octets(let octets):
            let start = min(Int(clamping: offset), octets.count)
            return Array(octets[start..<min(start + count, octets.count)])
        case .file(let file): return try file.read(at: offset, count: count)
        }
    }

    private static let spoolThreshold = 1 << 20
}

/// Sees to it that a content is the same each time that it is sent: with one id and header and two contents, one key
/// and nonce would serve two messages (docs/protocol.md choice 21).
package struct ContentWitness: Sendable {
    private var digests: [[UInt8]] = []

    /// Nothing was sent yet.
    package init() {}

    /// Whether the piece with this index is new, or the same as before.
    package mutating func accepts(_ piece: [UInt8], at index: Int) -> Bool {
        let digest = HashFunction.sha256.hash(piece)
        guard index < digests.count else {
            digests.append(digest)
            return index == digests.count - 1
        }
        return digests[index] == digest
    }
}
