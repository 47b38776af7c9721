import Primitives

/// A timestamp of NTP: seconds since 1900 in 32 bits and their fraction in 32 (RFC 3830 section 4.2.8).
///
/// A first bit of 0 means era 1, after 2036-02-07 (docs/protocol.md choice 9).
public struct NTPTimestamp: Sendable, Hashable {
    /// How far from the receiver's clock T may be, inclusive, in milliseconds (docs/protocol.md choice 12).
    public static let window: Int64 = 600_000

    /// Seconds and fraction as sent.
    public let rawValue: UInt64

    /// A timestamp as sent.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The instant as a timestamp. What its fraction of milliseconds leaves over is rounded up, so that it comes back
    /// whole.
    public init(_ time: UTCTime) { self.init(time, roundingUp: true) }

    private init(_ time: UTCTime, roundingUp: Bool) {
        let fraction =
            UInt64(bitPattern: time.milliseconds.quotientAndRemainder(dividingBy: 1000).remainder + 1000) % 1000
        let seconds = (time.milliseconds - Int64(fraction)) / 1000 + Self.secondsFrom1900To1970
        rawValue = UInt64(bitPattern: seconds) << 32 | ((fraction << 32) + (roundingUp ? 999 : 0)) / 1000
    }

    /// The eight octets of the field.
    public var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.append(bigEndian: rawValue)
        return octets
    }

    /// The instant, rounded down to a millisecond.
    public var time: UTCTime {
        let seconds = Int64(rawValue >> 32) + (rawValue >> 63 == 0 ? 1 << 32 : 0) - Self.secondsFrom1900To1970
        return UTCTime(milliseconds: seconds * 1000 + Int64(((rawValue & 0xffff_ffff) * 1000) >> 32))
    }

    /// Throws `MIKEYError.clock` unless the timestamp lies within 600 s of the clock, inclusive (docs/protocol.md
    /// choice 12).
    public func requireNear(_ clock: UTCTime) throws(MIKEYError) {
        let earliest = NTPTimestamp(clock.advanced(byMilliseconds: -Self.window), roundingUp: false)
        let latest = NTPTimestamp(clock.advanced(byMilliseconds: Self.window))
        guard earliest <= self, self <= latest else { throw .clock(timestamp: time, clock: clock) }
    }

    /// The timestamp of a further message: the clock's, or the next after `earlier` where the clock has not gone on.
    public init(_ time: UTCTime, after earlier: NTPTimestamp) {
        let clock = NTPTimestamp(time)
        self = earlier < clock ? clock : NTPTimestamp(rawValue: earlier.rawValue &+ 1)
    }

    private static let secondsFrom1900To1970: Int64 = 2_208_988_800
}

extension NTPTimestamp: Comparable {
    /// Earlier before later: era 0 (first bit 1) before era 1.
    public static func < (left: NTPTimestamp, right: NTPTimestamp) -> Bool {
        left.rawValue ^ 1 << 63 < right.rawValue ^ 1 << 63
    }
}

extension NTPTimestamp: CustomStringConvertible {
    /// The instant in ISO 8601.
    public var description: String { "\(time)" }
}
