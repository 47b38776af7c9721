/// What a delivery worker streams to the front that holds a recipient's stream.
public struct PushRequest: ProtobufMessage {
    /// One of these is in each message.
    public enum Part: Sendable, Equatable {
        /// First.
        case opening(PushOpening)
        /// The beginning of a deposit.
        case deposit(PushDeposit)
        /// One sealed chunk of the latest deposit, in order.
        case chunk([UInt8])
        /// Everything that was waiting has been sent.
        case caughtUp(CaughtUp)
    }

    /// `posterestante.v1.PushRequest`.
    public static let name = "posterestante.v1.PushRequest"
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
            var earlier: PushOpening?
            if case .opening(let value) = part { earlier = value }
            part = .opening(try field.message(into: earlier))
        case 2:
            var earlier: PushDeposit?
            if case .deposit(let value) = part { earlier = value }
            part = .deposit(try field.message(into: earlier))
        case 3: part = .chunk(try field.octets())
        case 4:
            var earlier: CaughtUp?
            if case .caughtUp(let value) = part { earlier = value }
            part = .caughtUp(try field.message(into: earlier))
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        switch part {
        case .opening(let value): writer.message(1, value)
        case .deposit(let value): writer.message(2, value)
        case .chunk(let value): writer.element(3, value)
        case .caughtUp(let value): writer.message(4, value)
        case nil: break
        }
    }
}

/// Names the stream.
public struct PushOpening: ProtobufMessage {
    /// `posterestante.v1.PushOpening`.
    public static let name = "posterestante.v1.PushOpening"
    /// URI.
    public var recipient: [UInt8] = []
    /// The front's name of the stream, from the route.
    public var stream: [UInt8] = []

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(recipient: [UInt8], stream: [UInt8]) {
        self.recipient = recipient
        self.stream = stream
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: recipient = try field.octets()
        case 2: stream = try field.octets()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, recipient)
        writer.bytes(2, stream)
    }
}

/// A deposit as the log has it. Its chunks follow unless the envelope carries the content itself.
public struct PushDeposit: ProtobufMessage {
    /// `posterestante.v1.PushDeposit`.
    public static let name = "posterestante.v1.PushDeposit"
    /// The envelope as it is in the log.
    public var envelope: [UInt8] = []
    /// Of the envelope in its partition.
    public var offset: UInt64 = 0
    /// The push before this one; nil in the first of a call.
    public var before: PushedBefore?

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(envelope: [UInt8], offset: UInt64, before: PushedBefore?) {
        self.envelope = envelope
        self.offset = offset
        self.before = before
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: envelope = try field.octets()
        case 2: offset = try field.uint64()
        case 3: before = try field.message(into: before)
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, envelope)
        writer.number(2, offset)
        if let before { writer.message(3, before) }
    }
}

/// The push before into the same stream, so that the front notices a gap.
public struct PushedBefore: ProtobufMessage {
    /// `posterestante.v1.PushedBefore`.
    public static let name = "posterestante.v1.PushedBefore"
    /// Of its envelope.
    public var offset: UInt64 = 0

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(offset: UInt64) {
        self.offset = offset
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { offset = try field.uint64() }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.number(1, offset)
    }
}

/// What a front answers to a delivery worker.
public struct PushResponse: ProtobufMessage {
    /// One of these is in each message.
    public enum Part: Sendable, Equatable {
        /// The stream is there and proven.
        case ready(PushReady)
        /// A deposit is settled.
        case outcome(PushOutcome)
    }

    /// `posterestante.v1.PushResponse`.
    public static let name = "posterestante.v1.PushResponse"
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
            var earlier: PushReady?
            if case .ready(let value) = part { earlier = value }
            part = .ready(try field.message(into: earlier))
        case 2:
            var earlier: PushOutcome?
            if case .outcome(let value) = part { earlier = value }
            part = .outcome(try field.message(into: earlier))
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        switch part {
        case .ready(let value): writer.message(1, value)
        case .outcome(let value): writer.message(2, value)
        case nil: break
        }
    }
}

/// The stream is there and proven. Comes once, as answer to the opening.
public struct PushReady: ProtobufMessage {
    /// `posterestante.v1.PushReady`.
    public static let name = "posterestante.v1.PushReady"

    /// An empty message.
    public init() {}

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {}

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {}
}

/// The recipient has answered for a deposit, and the log has it.
public struct PushOutcome: ProtobufMessage {
    /// `posterestante.v1.PushOutcome`.
    public static let name = "posterestante.v1.PushOutcome"
    /// The deposit id, 16 octets.
    public var id: [UInt8] = []
    /// Whether he refused it.
    public var refused = false

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(id: [UInt8], refused: Bool) {
        self.id = id
        self.refused = refused
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: id = try field.octets()
        case 2: refused = try field.bool()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, id)
        writer.bool(2, refused)
    }
}
