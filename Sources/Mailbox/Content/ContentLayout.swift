/// How a content is cut into chunks (docs/protocol.md, choice 23): all of the same size but the last, which may be
/// shorter and is the only one of an empty content. Sealing adds 16 octets to each.
public struct ContentLayout: Sendable, Hashable {
    /// Octets of the plaintext.
    public let length: UInt64
    /// Octets of plaintext in a chunk, at least 1.
    public let chunkSize: UInt32

    /// A layout from its numbers; a chunk size of 0 counts as 1.
    public init(length: UInt64, chunkSize: UInt32) {
        self.length = length
        self.chunkSize = max(chunkSize, 1)
    }

    /// How many chunks there are: max(1, ceil(length / chunk size)).
    public var chunkCount: UInt64 {
        let size = UInt64(chunkSize)
        return max(1, length / size + (length % size == 0 ? 0 : 1))
    }

    /// Octets of the ciphertext: the plaintext and 16 for each chunk. Saturates at 2^64 - 1.
    public var ciphertextLength: UInt64 {
        let (tags, overflow) = chunkCount.multipliedReportingOverflow(by: 16)
        let (sum, more) = length.addingReportingOverflow(tags)
        return overflow || more ? .max : sum
    }

    /// Octets of plaintext in a chunk.
    public func plaintextSize(ofChunk index: UInt64) -> Int {
        let start = index.multipliedReportingOverflow(by: UInt64(chunkSize))
        guard !start.overflow, start.partialValue <= length else { return 0 }
        return Int(min(UInt64(chunkSize), length - start.partialValue))
    }

    /// Octets of ciphertext of a chunk, its tag included.
    public func sealedSize(ofChunk index: UInt64) -> Int { plaintextSize(ofChunk: index) + 16 }

    /// Whether this is the last chunk.
    public func isLast(_ index: UInt64) -> Bool { index + 1 == chunkCount }
}
