import Mailbox
import Primitives
import StoreBehaviour
import Testing

@Suite struct ReachScheduleTests {
    private let start = ContinuousClock.now
    private let noon = UTCTime(milliseconds: 1_796_126_400_000)

    private func route(_ name: UInt8) throws -> Route {
        Route(
            front: "f:\(name)", stream: try StreamID(octets: [name]), openedAt: noon,
            expiresAt: noon.advanced(byMilliseconds: 30_000))
    }

    private func presence(_ contact: String?, at ms: Int64 = 0, isOpen: Bool = true) -> Presence {
        Presence(
            isOpen: isOpen, contact: contact, timestamp: noon.advanced(byMilliseconds: ms),
            expiresAt: noon.advanced(byMilliseconds: 3_600_000))
    }

    @Test func theLatestStreamComesFirstAndTheNextWhereItFails() throws {
        let (late, early) = (try route(2), try route(1))
        var schedule = ReachSchedule()
        #expect(schedule.next(routes: [late, early], now: start) == .push(late))
        schedule.pushEnded(late.stream, .failed, now: start, jitter: 1)
        #expect(schedule.next(routes: [late, early], now: start) == .push(early))
        // One that has failed does not take over from one that works.
        #expect(!schedule.supersedes(early.stream, in: [late, early]))
        #expect(schedule.supersedes(early.stream, in: [try route(3), late, early]))
        schedule.pushEnded(early.stream, .gone, now: start, jitter: 1)
        let pause = start + .milliseconds(50)
        #expect(schedule.next(routes: [late, early], now: start) == .wait(until: pause))
        #expect(schedule.next(routes: [late, early], now: pause) == .push(late))
        #expect(schedule.next(routes: [early], now: start + .seconds(3600)) == nil)
    }

    @Test func pausesAfterFailedPushesGrowToTwoSeconds() throws {
        let route = try route(1)
        var schedule = ReachSchedule()
        var now = start
        var pauses: [Duration] = []
        for _ in 0..<8 {
            schedule.pushEnded(route.stream, .failed, now: now, jitter: 1)
            guard case .wait(let until) = schedule.next(routes: [route], now: now) else { break }
            pauses.append(until - now)
            now = until
        }
        #expect(pauses == [50, 100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
        schedule.pushTaken(route.stream)
        schedule.pushEnded(route.stream, .failed, now: now, jitter: 0)
        #expect(schedule.next(routes: [route], now: now) == .wait(until: now + .milliseconds(25)))
    }

    @Test func contactThatFailsIsDialledMoreAndMoreSeldom() {
        var schedule = ReachSchedule()
        var now = start
        var pauses: [Duration] = []
        for _ in 0..<11 {
            #expect(schedule.next(presence: presence("h:1"), now: now) == .dial(contact: "h:1", timestamp: noon))
            schedule.dialBegins("h:1", timestamp: noon, now: now)
            schedule.dialEnded(.unreachable, now: now, jitter: 1)
            guard case .wait(let until) = schedule.next(presence: presence("h:1"), now: now) else { break }
            pauses.append(until - now)
            now = until
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map { .seconds($0) })
        #expect(schedule.next(presence: presence("h:1", isOpen: false), now: now) == nil)
        #expect(schedule.next(presence: presence(nil), now: now) == nil)
        #expect(schedule.next(presence: nil, now: now) == nil)
        #expect(schedule.rememberUntil == now)
    }

    @Test func newsShortenAPauseButNotBelowTheLeast() {
        var schedule = ReachSchedule()
        schedule.dialBegins("h:1", timestamp: noon, now: start)
        schedule.dialEnded(.notProven, now: start, jitter: 1)
        #expect(schedule.next(presence: presence("h:1"), now: start) == .wait(until: start + .seconds(60)))
        #expect(schedule.next(presence: presence("h:1", at: 1), now: start) == .wait(until: start + .seconds(5)))
        #expect(schedule.next(presence: presence("h:2"), now: start) == .wait(until: start + .seconds(1)))
        // Two contacts in turn are no way around it.
        var now = start + .seconds(1)
        for number in 0..<6 {
            let contact = "h:\(number % 2)"
            schedule.dialBegins(contact, timestamp: noon, now: now)
            schedule.dialEnded(.unreachable, now: now, jitter: 0)
            guard case .wait(let until) = schedule.next(presence: presence("h:\(number % 2 ^ 1)"), now: now) else {
                Issue.record("dialled at once")
                return
            }
            #expect(until > now)
            now = until
        }
    }

    @Test func whoTakesWhatHeIsGivenIsDialledAgainAtOnce() {
        var schedule = ReachSchedule()
        var now = start
        for _ in 0..<5 {
            schedule.dialBegins("h:1", timestamp: noon, now: now)
            schedule.dialEnded(.open, now: now, jitter: 1)
            now += .seconds(400)
        }
        schedule.dialBegins("h:1", timestamp: noon, now: now)
        schedule.dialEnded(.open, now: now, jitter: 1)
        // It proves itself each time, and takes nothing.
        #expect(schedule.next(presence: presence("h:1"), now: now) == .wait(until: now + .seconds(32)))
        schedule.progressed()
        #expect(schedule.next(presence: presence("h:1"), now: now) == .wait(until: now + .seconds(1)))
        schedule.dialBegins("h:1", timestamp: noon, now: now)
        schedule.dialEnded(.unreachable, now: now, jitter: 1)
        #expect(schedule.next(presence: presence("h:1"), now: now) == .wait(until: now + .seconds(1)))
        // Having no front to dial with is no fault of the contact.
        schedule.dialBegins("h:1", timestamp: noon, now: now)
        schedule.dialEnded(.noFront, now: now, jitter: 1)
        schedule.dialBegins("h:1", timestamp: noon, now: now)
        schedule.dialEnded(.unreachable, now: now, jitter: 1)
        #expect(schedule.next(presence: presence("h:1"), now: now) == .wait(until: now + .seconds(2)))
    }
}
