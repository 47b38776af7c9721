/// What a sender streams: an opening, the chunks in order, a closing.
public struct DepositRequest: ProtobufMessage {
    /// One of these is in each message.
    public enum Part: Sendable, Equatable {
        /// First.
        case opening(DepositOpening)
        /// One sealed chunk with its tag, in order from 0.
        case chunk([UInt8])
        /// Last.
        case closing(DepositClosing)
    }

    /// `posterestante.v1.DepositRequest`.
    public static let name = "posterestante.v1.DepositRequest"
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
        case 1:
            var earlier: DepositOpening?
            if case .opening(let value) = part { earlier = value }
            part = .opening(try field.message(into: earlier))
        case 2: part = .chunk(try field.octets())
        case 3:
            var earlier: DepositClosing?
            if case .closing(let value) = part { earlier = value }
            part = .closing(try field.message(into: earlier))
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        switch part {
        case .opening(let value): writer.message(1, value)
        case .chunk(let value): writer.element(2, value)
        case .closing(let value): writer.message(3, value)
        case nil: break
        }
    }
}

/// Opens a deposit under the session of an exchange (docs/protocol.md choice 24).
public struct DepositOpening: ProtobufMessage {
    /// `posterestante.v1.DepositOpening`.
    public static let name = "posterestante.v1.DepositOpening"
    /// CSB ID of the exchange, 4 octets.
    public var csbID: [UInt8] = []
    /// IDRi data of the exchange.
    public var initiator: [UInt8] = []
    /// H, the deposit header (docs/protocol.md choice 22).
    public var header: [UInt8] = []
    /// 32 octets.
    public var tag: [UInt8] = []
    /// Encr data of the exchange's ESK, at most 65,535 octets.
    public var esk: [UInt8] = []

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(csbID: [UInt8], initiator: [UInt8], header: [UInt8], tag: [UInt8], esk: [UInt8]) {
        self.csbID = csbID
        self.initiator = initiator
        self.header = header
        self.tag = tag
        self.esk = esk
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: csbID = try field.octets()
        case 2: initiator = try field.octets()
        case 3: header = try field.octets()
        case 4: tag = try field.octets()
        case 5: esk = try field.octets()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, csbID)
        writer.bytes(2, initiator)
        writer.bytes(3, header)
        writer.bytes(4, tag)
        writer.bytes(5, esk)
    }
}

/// Ends a deposit.
public struct DepositClosing: ProtobufMessage {
    /// `posterestante.v1.DepositClosing`.
    public static let name = "posterestante.v1.DepositClosing"
    /// SHA-256 over all chunks as sent, 32 octets.
    public var ciphertextSHA256: [UInt8] = []
    /// 32 octets, or none between two KMSs (docs/protocol.md choice 25).
    public var senderProof: [UInt8] = []

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(ciphertextSHA256: [UInt8], senderProof: [UInt8]) {
        self.ciphertextSHA256 = ciphertextSHA256
        self.senderProof = senderProof
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: ciphertextSHA256 = try field.octets()
        case 2: senderProof = try field.octets()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, ciphertextSHA256)
        writer.bytes(2, senderProof)
    }
}

/// Says that the log has the deposit durably (docs/protocol.md choice 24).
public struct DepositReceipt: ProtobufMessage {
    /// `posterestante.v1.DepositReceipt`.
    public static let name = "posterestante.v1.DepositReceipt"
    /// Milliseconds since 1970, by the front's clock.
    public var receivedAtMs: UInt64 = 0
    /// 32 octets.
    public var mac: [UInt8] = []

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(receivedAtMs: UInt64, mac: [UInt8]) {
        self.receivedAtMs = receivedAtMs
        self.mac = mac
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: receivedAtMs = try field.uint64()
        case 2: mac = try field.octets()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.number(1, receivedAtMs)
        writer.bytes(2, mac)
    }
}
