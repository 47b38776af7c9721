import Primitives

/// Seals a content as it comes, chunk by chunk; holds at most one chunk.
public struct ContentSeal: Sendable {
    private let key: ContentKey
    private let layout: ContentLayout
    private var buffer: [UInt8] = []
    private var index: UInt64 = 0
    private var taken: UInt64 = 0
    private var hash = RunningHash(.sha256)

    /// Begins to seal the content of `header`.
    /// - Parameter sk: the octet string of the point in the ESK's SK payload.
    /// - Throws: `CryptographyFailure` where OpenSSL fails.
    public init(sk: SecretBytes, header: DepositHeader) throws(CryptographyFailure) {
        key = try ContentKey(sk: sk, header: header)
        layout = header.layout
    }

    /// Takes more of the plaintext and gives the sealed chunks that it completes.
    /// - Throws: `ContentError.tooLong` where it is more than the header announces, `.failed`.
    public mutating func append(_ plaintext: [UInt8]) throws(ContentError) -> [[UInt8]] {
        guard UInt64(plaintext.count) <= layout.length - taken else { throw .tooLong(announced: layout.length) }
        taken += UInt64(plaintext.count)
        buffer.append(contentsOf: plaintext)
        var sealed: [[UInt8]] = []
        let size = Int(layout.chunkSize)
        var start = 0
        // The last chunk carries another flag: it is sealed by `finish`, though it may be full.
        while buffer.count - start >= size, !layout.isLast(index) {
            sealed.append(try seal(Array(buffer[start..<(start + size)])))
            start += size
        }
        buffer.removeFirst(start)
        return sealed
    }

    /// Ends the content and gives its last sealed chunk.
    /// - Throws: `ContentError.tooShort` where plaintext is missing, `.failed`.
    public mutating func finish() throws(ContentError) -> [UInt8] {
        guard taken == layout.length, layout.isLast(index) else {
            throw .tooShort(announced: layout.length, received: taken)
        }
        let chunk = buffer
        buffer = []
        return try seal(chunk)
    }

    /// SHA-256 of all chunks given so far, joined; 32 octets.
    public var ciphertextDigest: [UInt8] { hash.finish() }

    private mutating func seal(_ chunk: [UInt8]) throws(ContentError) -> [UInt8] {
        do {
            let sealed = try key.seal(chunk, chunk: index, isLast: layout.isLast(index))
            index += 1
            hash.update(sealed)
            return sealed
        } catch {
            throw .failed(reason: error.description)
        }
    }
}
