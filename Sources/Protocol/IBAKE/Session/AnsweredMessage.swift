import Primitives

/// A message that was answered, and its answer: what a responder or a KMS keeps so that unary calls can be retried
/// (docs/protocol.md choice 17).
public struct AnsweredMessage: Sendable, Equatable {
    /// SHA-256 of the message.
    let digest: [UInt8]
    /// What went back.
    let answer: [UInt8]

    /// A message and its answer.
    public init(_ message: [UInt8], answer: [UInt8]) {
        self.init(digest: HashFunction.sha256.hash(message), answer: answer)
    }

    init(digest: [UInt8], answer: [UInt8]) {
        self.digest = digest
        self.answer = answer
    }

    /// The answer again, for the same octets. Throws `IBAKEError.repeatedWithOtherOctets` for others.
    public func repeated(for message: [UInt8]) throws(IBAKEError) -> [UInt8] {
        guard constantTimeEqual(HashFunction.sha256.hash(message), digest) else { throw .repeatedWithOtherOctets }
        return answer
    }
}

extension AnsweredMessage {
    private static let version: UInt8 = 1

    /// For a store: ! version (1) = 1 ! SHA-256 of the message (32) ! f(answer) !
    public var serialized: [UInt8] {
        var octets = [Self.version] + digest
        octets.append(lengthPrefixed: answer)
        return octets
    }

    /// Reads a stored one. Throws `CorruptState`.
    public init(serialized: [UInt8]) throws(CorruptState) {
        var reader = StateReader(SecretBytes(serialized), of: "answer")
        try reader.require(Self.version)
        self = try reader.answered()
        try reader.finish()
    }
}

extension StateWriter {
    mutating func append(_ message: AnsweredMessage) {
        append(message.digest)
        append(lengthPrefixed: message.answer)
    }
}

extension StateReader {
    mutating func answered() throws(CorruptState) -> AnsweredMessage {
        let digest = try octets(HashFunction.sha256.octetCount)
        return AnsweredMessage(digest: digest, answer: try lengthPrefixed())
    }
}
