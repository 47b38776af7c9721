import Primitives

/// A message that was answered, and its answer: what a responder keeps so that unary calls can be retried
/// (docs/protocol.md choice 17).
struct AnsweredMessage: Sendable, Equatable {
    /// SHA-256 of the message.
    let digest: [UInt8]
    /// What went back.
    let answer: [UInt8]

    /// A message and its answer.
    init(_ message: [UInt8], answer: [UInt8]) {
        self.init(digest: HashFunction.sha256.hash(message), answer: answer)
    }

    init(digest: [UInt8], answer: [UInt8]) {
        self.digest = digest
        self.answer = answer
    }

    /// The answer again, for the same octets. Throws `IBAKEError.repeatedWithOtherOctets` for others.
    func repeated(for message: [UInt8]) throws(IBAKEError) -> [UInt8] {
        guard constantTimeEqual(HashFunction.sha256.hash(message), digest) else { throw .repeatedWithOtherOctets }
        return answer
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
