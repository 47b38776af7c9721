/// Presence events for the log.
public struct PublishPresenceRequest: ProtobufMessage {
    /// `posterestante.v1.PublishPresenceRequest`.
    public static let name = "posterestante.v1.PublishPresenceRequest"
    /// JSON, one event each.
    public var events: [String] = []
    /// That they come from the one they are about.
    public var proof: PresenceProof?

    /// An empty message.
    public init() {}

    /// A message of its fields.
    public init(events: [String], proof: PresenceProof?) {
        self.events = events
        self.proof = proof
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: events.append(try field.text())
        case 2: proof = try field.message(into: proof)
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        for element in events { writer.element(1, Array(element.utf8)) }
        if let proof { writer.message(2, proof) }
    }
}

/// That presence events come from the one they are about: a MAC under his session with his mailbox (docs/protocol.md
/// choice 28).
public struct PresenceProof: ProtobufMessage {
    /// `posterestante.v1.PresenceProof`.
    public static let name = "posterestante.v1.PresenceProof"
    /// Of the exchange, 4 octets.
    public var csbID: [UInt8] = []
    /// IDRi data of the exchange.
    public var initiator: [UInt8] = []
    /// 32 octets.
    public var mac: [UInt8] = []

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(csbID: [UInt8], initiator: [UInt8], mac: [UInt8]) {
        self.csbID = csbID
        self.initiator = initiator
        self.mac = mac
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: csbID = try field.octets()
        case 2: initiator = try field.octets()
        case 3: mac = try field.octets()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, csbID)
        writer.bytes(2, initiator)
        writer.bytes(3, mac)
    }
}

/// The events are in the log.
public struct PublishPresenceResponse: ProtobufMessage {
    /// `posterestante.v1.PublishPresenceResponse`.
    public static let name = "posterestante.v1.PublishPresenceResponse"
    /// How many.
    public var accepted: UInt32 = 0

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(accepted: UInt32) {
        self.accepted = accepted
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { accepted = try field.uint32() }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.number(1, UInt64(accepted))
    }
}
