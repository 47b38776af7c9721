import Primitives

/// Opens a content as it comes, in pieces of any size; holds at most one chunk and gives no octet that was not
/// authenticated.
///
/// That all of it is there is known only when `finish` returns.
public struct ContentOpening: Sendable {
    private let key: ContentKey
    private let layout: ContentLayout
    private var buffer: [UInt8] = []
    private var index: UInt64 = 0
    private var meter: CiphertextMeter

    /// Begins to open the content of `header`.
    /// - Parameter sk: the octet string of the point in the ESK's SK payload.
    /// - Throws: `CryptographyFailure` where OpenSSL fails.
    public init(sk: SecretBytes, header: DepositHeader) throws(CryptographyFailure) {
        key = try ContentKey(sk: sk, header: header)
        layout = header.layout
        meter = CiphertextMeter(header: header)
    }

    /// Takes more of the ciphertext and gives the plaintext of the chunks that it completes.
    /// - Throws: `ContentError.tooLong` or `.forged`; nothing may be used of this deposit after that.
    public mutating func append(_ ciphertext: [UInt8]) throws(ContentError) -> [SecretBytes] {
        try meter.append(ciphertext)
        buffer.append(contentsOf: ciphertext)
        var opened: [SecretBytes] = []
        var start = 0
        while index < layout.chunkCount {
            let size = layout.sealedSize(ofChunk: index)
            guard buffer.count - start >= size else { break }
            do {
                let chunk = Array(buffer[start..<(start + size)])
                opened.append(try key.open(chunk, chunk: index, isLast: layout.isLast(index)))
            } catch {
                throw .forged(chunk: index)
            }
            start += size
            index += 1
        }
        buffer.removeFirst(start)
        return opened
    }

    /// Ends the content.
    /// - Returns: SHA-256 of the ciphertext, which the sender proof covers.
    /// - Throws: `ContentError.tooShort` where chunks are missing.
    public func finish() throws(ContentError) -> [UInt8] { try meter.finish() }
}

/// Counts and hashes a ciphertext as it passes, for who cannot open it: the mailbox.
public struct CiphertextMeter: Sendable {
    /// Octets that the header announces.
    public let announced: UInt64
    /// Octets that have passed.
    public private(set) var received: UInt64 = 0
    private var hash = RunningHash(.sha256)

    /// Begins with the ciphertext of `header`.
    public init(header: DepositHeader) { announced = header.layout.ciphertextLength }

    /// Takes more of the ciphertext.
    /// - Throws: `ContentError.tooLong` where it is more than the header announces.
    public mutating func append(_ ciphertext: [UInt8]) throws(ContentError) {
        guard UInt64(ciphertext.count) <= announced - received else { throw .tooLong(announced: announced) }
        received += UInt64(ciphertext.count)
        hash.update(ciphertext)
    }

    /// Ends the ciphertext.
    /// - Returns: its SHA-256, 32 octets.
    /// - Throws: `ContentError.tooShort` where octets are missing.
    public func finish() throws(ContentError) -> [UInt8] {
        guard received == announced else { throw .tooShort(announced: announced, received: received) }
        return hash.finish()
    }
}
