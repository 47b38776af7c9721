import Primitives

/// T (RFC 3830 section 6.6, RFC 6043 section 6.3).
///
///     ! next payload (1) ! TS type (1) ! TS value (8, 8, 4, 4) !
public struct TimestampPayload: Sendable, Hashable {
    enum Kind: UInt8 {
        case ntpUTC = 0
        case ntp = 1
        case counter = 2
        case ntpUTC32 = 3

        var octetCount: Int { rawValue < 2 ? 8 : 4 }
    }

    let kind: UInt8
    let value: [UInt8]

    /// A T of type NTP-UTC.
    public init(_ timestamp: NTPTimestamp) {
        kind = Kind.ntpUTC.rawValue
        value = timestamp.octets
    }

    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        let kind = try reader.known(.timestampType, as: Kind.self)
        self.kind = kind.rawValue
        value = try reader.octets(kind.octetCount)
    }

    func append(to octets: inout [UInt8]) {
        octets.append(kind)
        octets += value
    }

    /// The timestamp. Throws `MIKEYError.timestampType` unless it is of type NTP-UTC (docs/protocol.md choice 9).
    public var timestamp: NTPTimestamp {
        get throws(MIKEYError) {
            guard kind == Kind.ntpUTC.rawValue else { throw .timestampType(kind) }
            return NTPTimestamp(rawValue: value.reduce(0) { $0 << 8 | UInt64($1) })
        }
    }
}
