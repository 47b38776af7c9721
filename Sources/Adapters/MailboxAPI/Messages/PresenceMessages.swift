/// Presence events for the log.
public struct PublishPresenceRequest: ProtobufMessage {
    /// `posterestante.v1.PublishPresenceRequest`.
    public static let name = "posterestante.v1.PublishPresenceRequest"
    /// JSON, one event each.
    public var events: [String] = []

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(events: [String]) {
        self.events = events
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { events.append(try field.text()) }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        for element in events { writer.element(1, Array(element.utf8)) }
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
