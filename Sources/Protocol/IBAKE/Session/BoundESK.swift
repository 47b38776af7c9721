import MIKEY
import Primitives

/// What a responder keeps of an ESK: enough to know it again, nothing that opens mail.
///
/// The ESK comes again with every deposit and goes into its envelope (docs/protocol.md choice 24). No copy of it
/// stays behind in the state of an exchange when the envelope is erased.
public struct BoundESK: Sendable, Hashable {
    /// SHA-256 of Encr data, 32 octets.
    public let digest: [UInt8]
    /// T of the message that it came in: the one under whose day it is encrypted.
    public let timestamp: NTPTimestamp

    /// What is kept of these Encr data.
    public init(data: [UInt8], timestamp: NTPTimestamp) {
        self.init(digest: HashFunction.sha256.hash(data), timestamp: timestamp)
    }

    init(digest: [UInt8], timestamp: NTPTimestamp) {
        self.digest = digest
        self.timestamp = timestamp
    }

    /// Whether these are its Encr data; digests are compared in constant time.
    public func isDigest(of data: [UInt8]) -> Bool { constantTimeEqual(HashFunction.sha256.hash(data), digest) }
}

extension StateWriter {
    mutating func append(_ esk: BoundESK?) {
        append(UInt8(esk == nil ? 0 : 1))
        guard let esk else { return }
        append(esk.timestamp.rawValue)
        append(esk.digest)
    }
}

extension StateReader {
    mutating func esk() throws(CorruptState) -> BoundESK? {
        guard try flag() else { return nil }
        let timestamp = NTPTimestamp(rawValue: try integer())
        return BoundESK(digest: try octets(HashFunction.sha256.octetCount), timestamp: timestamp)
    }
}
