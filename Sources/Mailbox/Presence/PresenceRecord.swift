/// A record of the presence topic. Events have the URI as key, or none where a foreign client gave none; renewals have
/// the front's address.
public enum PresenceRecord: Sendable, Hashable {
    /// Somebody can be reached, or can no more.
    case event(PresenceEvent)
    /// A front holds these streams.
    case routes(RouteRenewal)

    /// The header of an event that a worker has sent on to the right partition.
    static let forwardedHeader = "poste-forwarded"

    /// The record as the log carries it.
    public var record: LogRecord {
        switch self {
        case .event(let event): LogRecord(key: event.entity.octets, value: event.json)
        case .routes(let renewal): LogRecord(key: Array(renewal.front.utf8), value: renewal.json)
        }
    }

    /// The same for an event that is sent on to the partition of its mailbox; it is not sent on twice.
    var forwarded: LogRecord {
        var record = record
        record.headers.append(LogRecord.Header(name: Self.forwardedHeader, value: [UInt8(ascii: "1")]))
        return record
    }

    /// Reads a record.
    /// - Throws: `FormatError` where it is neither.
    public init(_ record: LogRecord) throws(FormatError) {
        guard let value = record.value else { throw .truncated(field: "value") }
        let json = try JSON(value, atMost: RouteRenewal.octetLimit)
        if json["front"] != nil, json["entity"] == nil {
            self = .routes(try RouteRenewal(json))
            return
        }
        guard value.count <= PresenceEvent.octetLimit else {
            throw .invalid(field: "JSON", reason: "at most \(PresenceEvent.octetLimit) octets are allowed")
        }
        self = .event(try PresenceEvent(json))
    }
}
