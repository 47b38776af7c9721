import Mailbox

/// Takes the sealed chunks of one deposit: counts and hashes them, and brings what is too large for its envelope to the log.
struct DepositContent {
    private let header: DepositHeader
    private let mailLog: any MailLog
    private let limits: FrontLimits
    private let key: DepositKey
    private var meter: CiphertextMeter
    private var index: UInt64 = 0
    private var waiting: [[UInt8]] = []
    private var waitingOctets = 0
    private var offsets: [UInt64] = []

    init(_ header: DepositHeader, mailLog: any MailLog, limits: FrontLimits) {
        self.header = header
        self.mailLog = mailLog
        self.limits = limits
        key = DepositKey(id: header.fields.id, mailbox: header.fields.recipient)
        meter = CiphertextMeter(header: header)
    }

    /// Whether all of it rides in the envelope.
    private var isInline: Bool { header.layout.ciphertextLength <= UInt64(limits.inlineOctets) }

    /// Takes the next chunk. Returns when there is room for more: this is the sender's back-pressure.
    ///
    /// Throws `DepositFault.chunk` for one of a wrong size or number, `StoreError` where the log does not take it.
    mutating func append(_ chunk: [UInt8]) async throws {
        guard index < header.layout.chunkCount else { throw DepositFault.tooManyChunks(header.layout.chunkCount) }
        let size = header.layout.sealedSize(ofChunk: index)
        guard chunk.count == size else { throw DepositFault.chunk(number: index, octets: chunk.count, expected: size) }
        try meter.append(chunk)
        index += 1
        waiting.append(chunk)
        waitingOctets += chunk.count
        if !isInline, waitingOctets >= limits.runOctets { try await flush() }
    }

    /// Ends the content: where it lies now, durably, and its SHA-256.
    ///
    /// Throws `ContentError.tooShort` where chunks are missing, `StoreError`.
    mutating func finish() async throws -> (Envelope.Place, digest: [UInt8]) {
        let digest = try meter.finish()
        guard !isInline else { return (.inline(Array(waiting.joined())), digest) }
        try await flush()
        let partition = mailLog.partition(of: key)
        return (.run(try ContentRun(partition: partition, offsets: offsets)), digest)
    }

    private mutating func flush() async throws {
        guard !waiting.isEmpty else { return }
        offsets += try await mailLog.append(contents: waiting, of: key)
        waiting = []
        waitingOctets = 0
    }
}

/// What is wrong with a deposit on its way in.
enum DepositFault: Error, CustomStringConvertible {
    case chunk(number: UInt64, octets: Int, expected: Int)
    case tooManyChunks(UInt64)
    case order(String)
    case field(String)
    case otherDigest

    var description: String {
        switch self {
        case .chunk(let number, let octets, let expected):
            "chunk \(number) has \(octets) octets where its header announces \(expected)"
        case .tooManyChunks(let count): "more than the \(count) chunks that the header announces"
        case .order(let what): what
        case .field(let what): what
        case .otherDigest: "the ciphertext is not the one whose SHA-256 the closing names: send it again"
        }
    }
}
