import IdentityBasedEncryption
import Primitives

/// The value of an envelope's record. Integers are big-endian, f(x) is x after its length in 4 octets:
///
///     f("poste envelope v1") f(mailbox) f(H) f(sender) f(ESK's Encr data) received at, ms since 1970(8)
///     f(sender proof, empty where there is none) ciphertext length(8) SHA-256 of the ciphertext(32)
///     place(1): 0 f(ciphertext)  or  1 partition(4) number of ranges(4), each: first offset(8) count(4)
extension Envelope {
    static let label = "poste envelope v1"

    /// The most octets of an ESK.
    static let encryptedKeyLimit = 1 << 16

    /// The envelope as the log keeps it.
    public var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.append(lengthPrefixed: Self.label.utf8)
        octets.append(lengthPrefixed: mailbox.octets)
        octets.append(lengthPrefixed: header)
        octets.append(lengthPrefixed: sender.octets)
        octets.append(lengthPrefixed: encryptedKey)
        octets.append(bigEndian: receivedAt.wire)
        octets.append(lengthPrefixed: senderProof ?? [])
        octets.append(bigEndian: ciphertextLength)
        octets.append(contentsOf: ciphertextDigest)
        switch place {
        case .inline(let ciphertext):
            octets.append(0)
            octets.append(lengthPrefixed: ciphertext)
        case .run(let run):
            octets.append(1)
            octets.append(bigEndian: run.partition)
            octets.append(bigEndian: UInt32(run.ranges.count))
            for range in run.ranges {
                octets.append(bigEndian: range.first)
                octets.append(bigEndian: range.count)
            }
        }
        return octets
    }

    /// Reads an envelope from the log.
    /// - Throws: `FormatError`; `.laterVersion` where it is an envelope of a version not known here.
    public init(octets: [UInt8]) throws(FormatError) {
        var reader = FieldReader(octets)
        try reader.label(Self.label, "label of the envelope")
        mailbox = try identity(reader.framed("mailbox", atMost: 512), field: "mailbox")
        header = try reader.framed("header", atMost: DepositHeader.octetLimit)
        sender = try identity(reader.framed("sender", atMost: 512), field: "sender")
        encryptedKey = try reader.framed("ESK", atMost: Self.encryptedKeyLimit)
        receivedAt = try reader.time("received at")
        let proof = try reader.framed("sender proof", atMost: SenderProof.size)
        senderProof = proof.isEmpty ? nil : proof
        ciphertextLength = try reader.uint64("ciphertext length")
        ciphertextDigest = try reader.take(32, "ciphertext digest")
        switch try reader.uint8("place of the content") {
        case 0: place = .inline(try reader.framed("ciphertext", atMost: Self.inlineLimit))
        case 1: place = .run(try Self.run(&reader))
        default: throw .invalid(field: "place of the content", reason: "0 and 1 are defined")
        }
        try reader.finish()
        switch DeliveredHeader(header) {
        case .deposit(let header): subject = .deposit(header)
        case .receipt(let header): subject = .receipt(header)
        case .laterVersion(let label): throw .laterVersion(label: label)
        case .malformed(let fault, _): throw fault
        }
        try check()
        try checkNames()
    }

    private static func run(_ reader: inout FieldReader) throws(FormatError) -> ContentRun {
        let partition = try reader.uint32("content partition")
        let count = try reader.uint32("number of content ranges")
        guard count <= ContentRun.rangeLimit, reader.remaining == Int(count) * 12 else {
            throw .invalid(field: "number of content ranges", reason: "not as many as follow")
        }
        var ranges: [ContentRun.Range] = []
        for _ in 0..<count {
            ranges.append(
                ContentRun.Range(first: try reader.uint64("first offset"), count: try reader.uint32("count")))
        }
        return try ContentRun(partition: partition, ranges: ranges)
    }

    /// What the envelope repeats of its header must agree with it.
    private func checkNames() throws(FormatError) {
        let agrees =
            switch subject {
            case .deposit(let header):
                header.fields.recipient == mailbox && header.fields.sender == sender
                    && header.layout.ciphertextLength == ciphertextLength
            case .receipt:
                mailbox.mailbox == sender && encryptedKey.isEmpty && senderProof == nil && place == .inline([])
                    && ciphertextDigest == HashFunction.sha256.hash([UInt8]())
            }
        guard agrees else { throw .invalid(field: "envelope", reason: "it does not agree with its header") }
    }
}
