import Mailbox
import Primitives
import Testing

@Suite struct ErasureScheduleTests {
    private let start = UTCTime(milliseconds: 1_796_117_402_000)
    private func at(_ ms: Int64) -> UTCTime { start.advanced(byMilliseconds: ms) }

    @Test func whoBeginsErasesWhatOthersMayHaveLeft() {
        var schedule = ErasureSchedule(lagMs: 1000, beginningAt: start)
        #expect(schedule.due(now: at(499)) == nil)
        #expect(schedule.due(now: at(500)) == .milliseconds(500))
        schedule.erased(from: at(500))
        // Nothing removed, nothing to do.
        #expect(schedule.due(now: at(1_000_000)) == nil)
    }

    @Test func oneWritingServesAllRemovalsBeforeItBegan() {
        var schedule = ErasureSchedule(lagMs: 1000, beginningAt: start)
        schedule.erased(from: at(1))
        schedule.noteRemoval(now: at(100))
        schedule.noteRemoval(now: at(400))
        #expect(schedule.due(now: at(599)) == nil)
        #expect(schedule.due(now: at(600)) == .milliseconds(500))
        schedule.erased(from: at(600))
        #expect(schedule.due(now: at(10_000)) == nil)
    }

    /// Another worker's writing may have begun between two removals: the later one is still owed.
    @Test func writingThatBeganBeforeARemovalDoesNotServeIt() {
        var schedule = ErasureSchedule(lagMs: 1000, beginningAt: start)
        schedule.erased(from: at(1))
        schedule.noteRemoval(now: at(100))
        schedule.noteRemoval(now: at(400))
        schedule.erased(from: at(200))
        #expect(schedule.due(now: at(699)) == nil)
        #expect(schedule.due(now: at(700)) == .milliseconds(500))
        // Nor one that began in the same millisecond.
        schedule.erased(from: at(400))
        #expect(schedule.due(now: at(900)) != nil)
        schedule.erased(from: at(401))
        #expect(schedule.due(now: at(10_000)) == nil)
    }
}
