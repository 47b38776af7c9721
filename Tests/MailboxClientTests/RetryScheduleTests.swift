import MailboxClient
import RPC
import Testing

@Suite struct RetryScheduleTests {
    private let start = ContinuousClock.now

    @Test func pausesGrowToALimit() {
        var schedule = RetrySchedule(budget: .seconds(3600))
        let pauses = (0..<10).compactMap { _ in schedule.pause(after: .transient, at: start, jitter: 1) }
        #expect(pauses.first == .milliseconds(100))
        #expect(pauses[1] == .milliseconds(200))
        #expect(pauses.last == RetrySchedule.longestPause)
    }

    @Test func jitterSpreadsThePause() {
        var schedule = RetrySchedule(budget: .seconds(3600))
        let pause1 = schedule.pause(after: .transient, at: start, jitter: 0)
        #expect(pause1 == .zero)
        let pause2 = schedule.pause(after: .transient, at: start, jitter: 0.5)
        #expect(pause2 == .milliseconds(100))
    }

    @Test func theBudgetBeginsWithTheFirstFailure() {
        var schedule = RetrySchedule(budget: .seconds(10))
        let late = start + .seconds(100)
        let pause3 = schedule.pause(after: .transient, at: late, jitter: 1)
        #expect(pause3 != nil)
        let pause4 = schedule.pause(after: .transient, at: late + .seconds(9), jitter: 1)
        #expect(pause4 != nil)
        let pause5 = schedule.pause(after: .transient, at: late + .seconds(10), jitter: 1)
        #expect(pause5 == nil)
    }

    @Test func successBeginsANewBudget() {
        var schedule = RetrySchedule(budget: .seconds(10))
        _ = schedule.pause(after: .transient, at: start, jitter: 1)
        schedule.succeeded()
        let pause6 = schedule.pause(after: .transient, at: start + .seconds(60), jitter: 1)
        #expect(pause6 == .milliseconds(100))
    }

    @Test func aBusyServerIsNotAskedBeforeItsTime() throws {
        for jitter in [0, 0.5, 1] {
            var schedule = RetrySchedule(budget: .seconds(60))
            let pause = schedule.pause(after: .transient, retryAfterMs: 3000, at: start, jitter: jitter)
            #expect(pause.map { $0 >= .seconds(3) && $0 < .seconds(4) } == true)
        }
    }

    @Test func aTimeBeyondTheBudgetIsNotWaitedFor() {
        var schedule = RetrySchedule(budget: .seconds(10))
        let pause7 = schedule.pause(after: .transient, retryAfterMs: 60_000, at: start, jitter: 0)
        #expect(pause7 == nil)
    }

    @Test func whatIsDoubtfulIsTriedAFewTimesOnly() {
        var schedule = RetrySchedule(budget: .seconds(3600))
        var count = 0
        while schedule.pause(after: .doubtful, at: start, jitter: 0) != nil { count += 1 }
        #expect(count == RetrySchedule.doubtfulLimit - 1)
    }

    @Test func verdicts() {
        #expect(RetrySchedule.verdict(.unavailable) == .transient)
        #expect(RetrySchedule.verdict(.resourceExhausted) == .transient)
        #expect(RetrySchedule.verdict(.internal) == .doubtful)
        for code in [RPCCode.invalidArgument, .notFound, .permissionDenied, .alreadyExists, .outOfRange] {
            #expect(RetrySchedule.verdict(code) == .final)
        }
    }
}
