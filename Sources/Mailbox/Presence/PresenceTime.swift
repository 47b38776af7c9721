import Primitives

/// The dates of PIDF (RFC 3863, RFC 3339): `2026-12-01T10:30:02.250Z`, or with an offset such as `+01:00`.
enum PresenceTime {
    static func read(_ text: String) throws(FormatError) -> UTCTime {
        guard let time = parse(text) else {
            throw .invalid(field: "timestamp", reason: "a date as 2026-12-01T10:30:02Z (RFC 3339) is needed")
        }
        return time
    }

    private static func parse(_ text: String) -> UTCTime? {
        let octets = Array(text.utf8)
        guard octets.count >= 20, octets.count <= 40, octets[10] == UInt8(ascii: "T"),
            let day = UTCDay(String(decoding: octets[..<10], as: UTF8.self)), day.number >= 0,
            let hour = number(octets[11..<13]), octets[13] == UInt8(ascii: ":"),
            let minute = number(octets[14..<16]), octets[16] == UInt8(ascii: ":"),
            let second = number(octets[17..<19]), hour < 24, minute < 60, second <= 60
        else { return nil }
        var rest = octets[19...]
        var fraction: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard let value = number((digits + [0x30, 0x30]).prefix(3)), !digits.isEmpty else { return nil }
            fraction = value
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let offset = minutes(Array(rest)) else { return nil }
        let seconds = (hour * 60 + minute - offset) * 60 + second
        return UTCTime(milliseconds: day.start.milliseconds + seconds * 1000 + fraction)
    }

    /// The offset from UTC, in minutes.
    private static func minutes(_ zone: [UInt8]) -> Int64? {
        if zone == [UInt8(ascii: "Z")] { return 0 }
        guard zone.count == 6, zone[3] == UInt8(ascii: ":"), let hours = number(zone[1..<3]),
            let minutes = number(zone[4..<6]), hours < 24, minutes < 60
        else { return nil }
        switch zone[0] {
        case UInt8(ascii: "+"): return hours * 60 + minutes
        case UInt8(ascii: "-"): return -(hours * 60 + minutes)
        default: return nil
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
