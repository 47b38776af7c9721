import Primitives

/// The mailbox's side of one recipient's stream: numbers and MACs what it sends, and checks what he says of it
/// (docs/protocol.md, choice 26).
public struct DeliverySession: Sendable {
    private let key: DeliveryKey
    private var next: UInt64 = 0
    private var outstanding: [UInt64: Outstanding] = [:]

    private struct Outstanding: Sendable {
        let key: DepositKey
        let id: DepositID
    }

    /// Why an acknowledgement is not taken.
    public enum Fault: Error, Sendable, Hashable {
        /// No delivery with this sequence awaits an answer: never sent, or answered before.
        case unknownSequence(UInt64)
        /// The id is not that of the delivery with this sequence.
        case otherDeposit(sequence: UInt64)
        /// The MAC is wrong: the stream is not to be trusted any more.
        case wrongMAC(sequence: UInt64)
    }

    /// Begins a stream.
    /// - Parameters:
    ///   - tgk: TGK of the stream's own exchange.
    ///   - csbID: its CSB ID, 4 octets.
    /// - Throws: `CryptographyFailure` where OpenSSL fails.
    public init(tgk: SecretBytes, csbID: [UInt8]) throws(CryptographyFailure) {
        key = try DeliveryKey(tgk: tgk, csbID: csbID)
    }

    /// How many deliveries have had no answer; those that the recipient cannot judge stay here.
    public var outstandingCount: Int { outstanding.count }

    /// Opens the delivery of an envelope, with the next number.
    public mutating func open(_ envelope: Envelope) -> Delivery {
        var delivery = Delivery(
            sequence: next, header: envelope.header, encryptedKey: envelope.encryptedKey,
            sender: envelope.sender.octets, receivedAt: envelope.receivedAt, senderProof: envelope.senderProof,
            mac: [])
        delivery.mac = key.mac(of: delivery)
        outstanding[next] = Outstanding(key: envelope.key, id: envelope.acknowledgedID)
        next += 1
        return delivery
    }

    /// Whether the recipient says that the certificate on this connection is his own: nobody stands between (docs/protocol.md,
    /// choice 29).
    public func verify(contactMAC: [UInt8], certificateDigest: [UInt8]) -> Bool {
        key.verify(contactMAC: contactMAC, certificateDigest: certificateDigest)
    }

    /// Takes an answer.
    /// - Returns: the deposit that it settles.
    /// - Throws: `Fault`; nothing is settled then.
    public mutating func settle(_ answer: Acknowledgement) throws(Fault) -> DepositKey {
        guard key.verify(answer) else { throw .wrongMAC(sequence: answer.sequence) }
        guard let sent = outstanding[answer.sequence] else { throw .unknownSequence(answer.sequence) }
        guard sent.id == answer.id else { throw .otherDeposit(sequence: answer.sequence) }
        outstanding[answer.sequence] = nil
        return sent.key
    }
}

extension DeliverySession.Fault: CustomStringConvertible {
    /// The fault in plain words.
    public var description: String {
        switch self {
        case .unknownSequence(let sequence): "no delivery \(sequence) awaits an answer on this stream"
        case .otherDeposit(let sequence): "the id is not that of delivery \(sequence)"
        case .wrongMAC(let sequence): "the answer to delivery \(sequence) has a wrong MAC; open a new stream"
        }
    }
}
