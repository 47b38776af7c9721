import MIKEY
import Primitives
import TestVectors
import Testing

@Suite struct NTPTimestampTests {
    @Test(
        arguments: [
            (1_796_117_400_500, 0xeeb9_1218_8000_0000), (0, 0x83aa_7e80_0000_0000),
            // The last instant of era 0 and the first of era 1 (2036-02-07T06:28:16Z).
            (2_085_978_496_000 - 500, 0xffff_ffff_8000_0000), (2_085_978_496_000, 0),
        ] as [(Int64, UInt64)])
    func instantsAndTimestamps(milliseconds: Int64, raw: UInt64) {
        let time = UTCTime(milliseconds: milliseconds)
        #expect(NTPTimestamp(time).rawValue == raw)
        #expect(NTPTimestamp(rawValue: raw).time == time)
    }

    @Test func everyMillisecondComesBack() {
        for milliseconds in Int64(1_796_117_400_000)..<1_796_117_401_000 {
            let time = UTCTime(milliseconds: milliseconds)
            #expect(NTPTimestamp(time).time == time)
        }
    }

    @Test func eraOneIsLaterThanEraZero() {
        #expect(NTPTimestamp(rawValue: 0xffff_ffff_ffff_ffff) < NTPTimestamp(rawValue: 0))
        #expect(NTPTimestamp(rawValue: 1) < NTPTimestamp(rawValue: 2))
    }

    /// 600 s from the clock, inclusive (docs/protocol.md choice 12), also over the end of an era.
    @Test(arguments: [1_796_117_400_500, 2_085_978_496_000, 1_796_117_400_123] as [Int64])
    func theWindowIs600Seconds(milliseconds: Int64) throws {
        let clock = UTCTime(milliseconds: milliseconds)
        for offset in [Int64(-600_000), -1, 0, 1, 600_000] {
            try NTPTimestamp(clock.advanced(byMilliseconds: offset)).requireNear(clock)
        }
        for offset in [Int64(-600_001), 600_001, 86_400_000] {
            let time = clock.advanced(byMilliseconds: offset)
            let error = thrown(MIKEYError.self) { try NTPTimestamp(time).requireNear(clock) }
            #expect(error == .clock(timestamp: time, clock: clock))
            #expect(error?.answer == .invalidTimestamp)
        }
    }

    @Test func oneUnitBeyondTheWindowIsRefused() {
        let clock = UTCTime(milliseconds: 1_796_117_400_500)
        let latest = NTPTimestamp(clock.advanced(byMilliseconds: 600_000))
        #expect(throws: MIKEYError.self) { try NTPTimestamp(rawValue: latest.rawValue + 1).requireNear(clock) }
        let earliest = NTPTimestamp(clock.advanced(byMilliseconds: -600_000))
        #expect(throws: MIKEYError.self) { try NTPTimestamp(rawValue: earliest.rawValue - 1).requireNear(clock) }
    }

    @Test func aSecondMessageIsAlwaysLater() {
        let clock = UTCTime(milliseconds: 1_796_117_400_500)
        let first = NTPTimestamp(clock)
        #expect(first < NTPTimestamp(clock, after: first))
        #expect(first < NTPTimestamp(clock.advanced(byMilliseconds: -60_000), after: first))
        let later = clock.advanced(byMilliseconds: 1500)
        #expect(NTPTimestamp(later, after: first) == NTPTimestamp(later))
    }

    @Test func otherTypesAreReadAndRefused() throws {
        let header = CommonHeader(.rMessage1, expectsAnswer: false, prf: 1, csbID: 1)
        let message = MIKEYMessage(header, [.timestamp(TimestampPayload(NTPTimestamp(rawValue: 5)))])
        for (type, count) in [(1, 8), (2, 4), (3, 4)] as [(UInt8, Int)] {
            var octets = Array(message.octets.prefix(12 + count))
            octets[11] = type
            let read = try MIKEYMessage(octets: octets)
            let error = thrown(MIKEYError.self) { try read.timestamp }
            #expect(error == .timestampType(type))
            #expect(error?.answer == .invalidTimestamp)
        }
    }
}
