import Primitives
import Testing

@Suite struct UTCTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (1_796_117_402_250, "2026-12-01T09:30:02.250Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z")
    ] as [(Int64, String)])
    func printsAsISO8601(milliseconds: Int64, text: String) {
        #expect("\(UTCTime(milliseconds: milliseconds))" == text)
        #expect(UTCDay(String(text.prefix(10))) == UTCTime(milliseconds: milliseconds).day)
    }

    @Test func readsEveryDayThatItPrints() {
        for number in stride(from: Int64(-1000), to: 60_000, by: 1) {
            let day = UTCDay(number: number)
            #expect(UTCDay("\(day)") == day)
        }
    }

    @Test(arguments: ["2026-02-29", "2100-02-29", "2026-13-01", "2026-1-01", "2026-01-00", "+026-01-01", "2026/01/01", ""])
    func refusesWhatIsNoDay(text: String) { #expect(UTCDay(text) == nil) }
}
