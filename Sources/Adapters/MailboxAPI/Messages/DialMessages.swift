/// Has a front dial a recipient as his mailbox.
public struct DialRequest: ProtobufMessage {
    /// `posterestante.v1.DialRequest`.
    public static let name = "posterestante.v1.DialRequest"
    /// Whose mail it is: a URI.
    public var recipient: [UInt8] = []
    /// Where: HOST:PORT.
    public var contact = ""

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(recipient: [UInt8], contact: String) {
        self.recipient = recipient
        self.contact = contact
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: recipient = try field.octets()
        case 2: contact = try field.text()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, recipient)
        writer.text(2, contact)
    }
}

/// What came of dialling, by the numbers of the .proto file.
public enum DialOutcome: Int32, Sendable, CaseIterable {
    /// A number of a later version.
    case unknown = 0
    /// The contact has proved itself, now or before: the front holds its stream.
    case open = 1
    /// Nobody answers there, or not in time.
    case unreachable = 2
    /// Who answers is not the recipient, or cannot prove it.
    case notProven = 3
}

/// What came of dialling.
public struct DialResponse: ProtobufMessage {
    /// `posterestante.v1.DialResponse`.
    public static let name = "posterestante.v1.DialResponse"
    /// What came of it.
    public var outcome = DialOutcome.unknown
    /// Why, in words for people.
    public var reason = ""

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(outcome: DialOutcome, reason: String) {
        self.outcome = outcome
        self.reason = reason
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: outcome = DialOutcome(rawValue: try field.int32()) ?? .unknown
        case 2: reason = try field.text()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.number(1, outcome.rawValue)
        writer.text(2, reason)
    }
}
