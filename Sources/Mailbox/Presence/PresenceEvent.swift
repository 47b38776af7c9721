import IdentityBasedEncryption
import Primitives

/// That somebody can be reached, or can no more: JSON with the names of PIDF (RFC 3863).
///
///     {"entity": "sip:bob@example.com", "basic": "open", "contact": "192.0.2.7:5150",
///      "timestamp": "2026-12-01T10:30:02Z"}
///
/// `contact` and `timestamp` may be left out; members of other names are ignored.
public struct PresenceEvent: Sendable, Hashable {
    /// The most octets of an event.
    public static let octetLimit = 4096

    /// Who it is about.
    public var entity: Identity
    /// Whether he can be reached (`open`, `closed`).
    public var isOpen: Bool
    /// Where the mailbox may dial him: host and port, 1 to 512 octets of 21 to 7e hex; or none.
    public var contact: String?
    /// When it was so; none means when the log took it.
    public var timestamp: UTCTime?

    /// An event from its parts.
    /// - Throws: `FormatError.invalid` where the contact is not of 1 to 512 octets of 21 to 7e hex.
    public init(entity: Identity, isOpen: Bool, contact: String? = nil, timestamp: UTCTime? = nil) throws(FormatError) {
        if let contact { try checkAddress(contact, field: "contact") }
        self.entity = entity
        self.isOpen = isOpen
        self.contact = contact
        self.timestamp = timestamp
    }

    /// Reads an event.
    /// - Throws: `FormatError`.
    public init(json: [UInt8]) throws(FormatError) {
        try self.init(JSON(json, atMost: Self.octetLimit))
    }

    init(_ json: JSON) throws(FormatError) {
        guard let entity = json["entity"] else { throw .truncated(field: "entity") }
        guard let basic = json["basic"] else { throw .truncated(field: "basic") }
        let isOpen: Bool
        switch try basic.text("basic") {
        case "open": isOpen = true
        case "closed": isOpen = false
        default: throw .invalid(field: "basic", reason: "open or closed is needed")
        }
        var contact: String?
        if let value = json["contact"], value != .null { contact = try value.text("contact") }
        var timestamp: UTCTime?
        if let value = json["timestamp"], value != .null {
            timestamp = try PresenceTime.read(value.text("timestamp"))
        }
        try self.init(
            entity: identity(Array(entity.text("entity").utf8), field: "entity"), isOpen: isOpen, contact: contact,
            timestamp: timestamp)
    }

    /// The event as JSON, on one line.
    public var json: [UInt8] {
        var text = "{\"entity\":\(JSON.quoted(entity.description)),\"basic\":\"\(isOpen ? "open" : "closed")\""
        if let contact { text += ",\"contact\":\(JSON.quoted(contact))" }
        if let timestamp { text += ",\"timestamp\":\"\(timestamp)\"" }
        return Array((text + "}").utf8)
    }
}

/// An address: 1 to 512 octets of 21 to 7e hex.
func checkAddress(_ text: String, field: String) throws(FormatError) {
    guard (1...512).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
        throw .invalid(field: field, reason: "1 to 512 octets of 21 to 7e hex are needed")
    }
}

/// What the view keeps of somebody's presence.
public struct Presence: Sendable, Hashable {
    /// How long an event counts: an hour, in milliseconds.
    public static let lifetimeMs: Int64 = 3_600_000

    /// Whether he can be reached.
    public var isOpen: Bool
    /// Where the mailbox may dial him, or none.
    public var contact: String?
    /// When it was so.
    public var timestamp: UTCTime
    /// When it counts no more.
    public var expiresAt: UTCTime

    /// A presence from its parts.
    public init(isOpen: Bool, contact: String?, timestamp: UTCTime, expiresAt: UTCTime) {
        self.isOpen = isOpen
        self.contact = contact
        self.timestamp = timestamp
        self.expiresAt = expiresAt
    }
}
