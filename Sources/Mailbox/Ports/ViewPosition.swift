import Primitives

/// How far the view of one partition reaches, stored with it and changed with it in one step.
public struct ViewPosition: Sendable, Hashable {
    /// The identity of the log that the view was made from.
    public var log: String
    /// The next record to fold.
    public var next: LogPosition
    /// The moment from which on the log must still have every tombstone that the view has not seen: the time of the
    /// last record folded, of the last look at a log without news, or of when the fold from nothing began.
    /// `ViewVerdict` compares it with how long tombstones are kept.
    public var asOf: UTCTime

    /// A position from its parts.
    public init(log: String, next: LogPosition, asOf: UTCTime) {
        self.log = log
        self.next = next
        self.asOf = asOf
    }

    /// The position as stores keep it: f(log) envelopes(8) presence(8) as of, ms(8). Stores compare these octets.
    public var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.append(lengthPrefixed: Array(log.utf8))
        octets.append(bigEndian: next.envelopes)
        octets.append(bigEndian: next.presence)
        octets.append(bigEndian: asOf.wire)
        return octets
    }

    /// Reads a position from a store.
    /// - Throws: `FormatError` where the octets are anything else.
    public init(octets: [UInt8]) throws(FormatError) {
        var reader = FieldReader(octets)
        let name = try reader.framed("log identity", atMost: 256)
        guard let log = String(validatingUTF8Octets: name) else {
            throw .invalid(field: "log identity", reason: "not UTF-8")
        }
        self.log = log
        next = LogPosition(
            envelopes: try reader.uint64("envelopes offset"), presence: try reader.uint64("presence offset"))
        asOf = try reader.time("as of")
        try reader.finish()
    }
}

extension String {
    /// A text from octets that are whole UTF-8, or none.
    init?(validatingUTF8Octets octets: [UInt8]) {
        let text = String(decoding: octets, as: UTF8.self)
        guard Array(text.utf8) == octets else { return nil }
        self = text
    }
}
