/// What a recipient streams: his MIKEY messages, then acknowledgements.
public struct ReceiveRequest: ProtobufMessage {
    /// One of these is in each message.
    public enum Part: Sendable, Equatable {
        /// I_MESSAGE_1, then I_MESSAGE_2, of his exchange with his mailbox.
        case mikey([UInt8])
        /// For a delivery.
        case acknowledgement(Acknowledgement)
        /// Where the mailbox has dialled: the MAC that binds the exchange to the TLS certificate, 32 octets.
        case contactMAC([UInt8])
    }

    /// `posterestante.v1.ReceiveRequest`.
    public static let name = "posterestante.v1.ReceiveRequest"
    /// Nil in a message of nothing that is known.
    public var part: Part?

    /// An empty message.
    public init() {}

    /// A message of one part.
    public init(_ part: Part) {
        self.part = part
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: part = .mikey(try field.octets())
        case 2:
            var earlier: Acknowledgement?
            if case .acknowledgement(let value) = part { earlier = value }
            part = .acknowledgement(try field.message(into: earlier))
        case 3: part = .contactMAC(try field.octets())
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        switch part {
        case .mikey(let value): writer.element(1, value)
        case .acknowledgement(let value): writer.message(2, value)
        case .contactMAC(let value): writer.element(3, value)
        case nil: break
        }
    }
}

/// Ends a delivery: taken for good, or refused (docs/protocol.md choice 26).
public struct Acknowledgement: ProtobufMessage {
    /// `posterestante.v1.Acknowledgement`.
    public static let name = "posterestante.v1.Acknowledgement"
    /// The number of the delivery in its stream.
    public var sequence: UInt64 = 0
    /// The deposit id, 16 octets.
    public var id: [UInt8] = []
    /// Whether the mailbox is told not to send it again although it was not accepted.
    public var refused = false
    /// 32 octets.
    public var mac: [UInt8] = []

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(sequence: UInt64, id: [UInt8], refused: Bool, mac: [UInt8]) {
        self.sequence = sequence
        self.id = id
        self.refused = refused
        self.mac = mac
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: sequence = try field.uint64()
        case 2: id = try field.octets()
        case 3: refused = try field.bool()
        case 4: mac = try field.octets()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.number(1, sequence)
        writer.bytes(2, id)
        writer.bool(3, refused)
        writer.bytes(4, mac)
    }
}

/// What a front streams to a recipient.
public struct ReceiveResponse: ProtobufMessage {
    /// One of these is in each message.
    public enum Part: Sendable, Equatable {
        /// R_MESSAGE_1, then R_MESSAGE_2, or a MIKEY Error message.
        case mikey([UInt8])
        /// The beginning of a delivery.
        case delivery(Delivery)
        /// One sealed chunk of the latest delivery, in order.
        case chunk([UInt8])
        /// The log has the acknowledgement durably.
        case settled(Settled)
        /// Everything that was waiting has been sent.
        case caughtUp(CaughtUp)
    }

    /// `posterestante.v1.ReceiveResponse`.
    public static let name = "posterestante.v1.ReceiveResponse"
    /// Nil in a message of nothing that is known.
    public var part: Part?

    /// An empty message.
    public init() {}

    /// A message of one part.
    public init(_ part: Part) {
        self.part = part
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: part = .mikey(try field.octets())
        case 2:
            var earlier: Delivery?
            if case .delivery(let value) = part { earlier = value }
            part = .delivery(try field.message(into: earlier))
        case 3: part = .chunk(try field.octets())
        case 4:
            var earlier: Settled?
            if case .settled(let value) = part { earlier = value }
            part = .settled(try field.message(into: earlier))
        case 5:
            var earlier: CaughtUp?
            if case .caughtUp(let value) = part { earlier = value }
            part = .caughtUp(try field.message(into: earlier))
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        switch part {
        case .mikey(let value): writer.element(1, value)
        case .delivery(let value): writer.message(2, value)
        case .chunk(let value): writer.element(3, value)
        case .settled(let value): writer.message(4, value)
        case .caughtUp(let value): writer.message(5, value)
        case nil: break
        }
    }
}

/// The beginning of a delivery; its chunks follow (docs/protocol.md choice 26).
public struct Delivery: ProtobufMessage {
    /// `posterestante.v1.Delivery`.
    public static let name = "posterestante.v1.Delivery"
    /// Counts the deliveries of the stream, from 0.
    public var sequence: UInt64 = 0
    /// H, the deposit header, or that of a delivery receipt.
    public var header: [UInt8] = []
    /// Encr data of the ESK; empty in a delivery receipt.
    public var esk: [UInt8] = []
    /// The sender's identity as the mailbox authenticated it.
    public var sender: [UInt8] = []
    /// Milliseconds since 1970, by the clock of the front that took it.
    public var receivedAtMs: UInt64 = 0
    /// 32 octets; empty where there is none.
    public var senderProof: [UInt8] = []
    /// 32 octets.
    public var mac: [UInt8] = []
    /// How many octets of chunks follow.
    public var ciphertextOctets: UInt64 = 0

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(
        sequence: UInt64, header: [UInt8], esk: [UInt8], sender: [UInt8], receivedAtMs: UInt64, senderProof: [UInt8],
        mac: [UInt8], ciphertextOctets: UInt64
    ) {
        self.sequence = sequence
        self.header = header
        self.esk = esk
        self.sender = sender
        self.receivedAtMs = receivedAtMs
        self.senderProof = senderProof
        self.mac = mac
        self.ciphertextOctets = ciphertextOctets
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: sequence = try field.uint64()
        case 2: header = try field.octets()
        case 3: esk = try field.octets()
        case 4: sender = try field.octets()
        case 5: receivedAtMs = try field.uint64()
        case 6: senderProof = try field.octets()
        case 7: mac = try field.octets()
        case 8: ciphertextOctets = try field.uint64()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.number(1, sequence)
        writer.bytes(2, header)
        writer.bytes(3, esk)
        writer.bytes(4, sender)
        writer.number(5, receivedAtMs)
        writer.bytes(6, senderProof)
        writer.bytes(7, mac)
        writer.number(8, ciphertextOctets)
    }
}

/// The log has an acknowledgement durably.
public struct Settled: ProtobufMessage {
    /// `posterestante.v1.Settled`.
    public static let name = "posterestante.v1.Settled"
    /// Of the delivery.
    public var sequence: UInt64 = 0
    /// The deposit id, 16 octets.
    public var id: [UInt8] = []

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(sequence: UInt64, id: [UInt8]) {
        self.sequence = sequence
        self.id = id
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: sequence = try field.uint64()
        case 2: id = try field.octets()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.number(1, sequence)
        writer.bytes(2, id)
    }
}

/// Everything that was waiting has been sent.
public struct CaughtUp: ProtobufMessage {
    /// `posterestante.v1.CaughtUp`.
    public static let name = "posterestante.v1.CaughtUp"

    /// An empty message.
    public init() {}

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {}

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {}
}
