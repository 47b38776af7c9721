import LoadGenerator
import Testing

@Suite struct PresencePatternTests {
    /// How many are there after each event; finds those who come or go twice.
    private func course(_ pattern: PresencePattern) -> [(at: Duration, there: Int)] {
        var there: Set<Int> = []
        return pattern.events.map { event in
            #expect((0..<pattern.users).contains(event.user))
            if event.isOpen {
                #expect(there.insert(event.user).inserted)
            } else {
                #expect(there.remove(event.user) != nil)
            }
            return (event.at, there.count)
        }
    }

    private func pattern(_ shape: PresencePattern.Shape) -> PresencePattern {
        PresencePattern(shape, users: 500, rate: 100, duration: .seconds(40), seed: 3)
    }

    @Test(arguments: PresencePattern.Shape.allCases) func theRateIsKept(shape: PresencePattern.Shape) {
        let events = pattern(shape).events
        #expect(shape == .flap ? abs(events.count - 4000) < 300 : abs(events.count - 4000) <= 1)
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.at <= $1.at })
        #expect(events == pattern(shape).events)
    }

    @Test func whoFlapsIsHereHalfOfTheTime() {
        let last = course(pattern(.flap)).suffix(1000).map(\.there)
        #expect(last.allSatisfy { (150...350).contains($0) })
    }

    @Test func aStormBringsAllAndTakesAll() {
        let there = course(pattern(.storm)).map(\.there)
        #expect(there[499] == 500 && there[999] == 0 && there[1499] == 500)
    }

    @Test func aDayRisesAndFalls() {
        let course = course(pattern(.diurnal))
        func there(_ second: Int) -> Int { course.last { $0.at <= .seconds(second) }?.there ?? 0 }
        #expect(there(2) < 30 && there(38) < 30)
        #expect(abs(there(10) - 250) < 20 && abs(there(30) - 250) < 20)
        #expect(there(20) > 490)
    }
}
