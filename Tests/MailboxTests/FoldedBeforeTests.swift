import Mailbox
import Testing

struct FoldedBeforeTests {
    private let end = LogPosition(envelopes: 200, presence: 20)

    /// A batch of all offsets in between.
    private func batch(from: LogPosition = LogPosition(), next: LogPosition, end: LogPosition) -> LogBatch {
        func records(_ topic: LogTopic, _ offsets: Range<UInt64>) -> [StoredRecord] {
            offsets.map {
                StoredRecord(topic: topic, offset: $0, time: .init(milliseconds: 0), record: LogRecord(key: nil, value: [1]))
            }
        }
        return LogBatch(
            records: records(.envelopes, from.envelopes..<next.envelopes)
                + records(.presence, from.presence..<next.presence),
            next: next, end: end)
    }

    @Test func whoKnowsNothingTakesAllForNew() {
        let before = FoldedBefore()
        #expect(before.isUnknown)
        let whole = batch(next: end, end: end)
        var cut = whole
        let news = before.cut(&cut, from: LogPosition())
        #expect(news.envelopes && news.presence && cut == whole)
    }

    @Test func aBatchIsCutWhereWhatWasFoldedEnds() {
        var before = FoldedBefore()
        before.note(LogPosition(envelopes: 100, presence: 7))
        // A view that was put back does not take back what it was seen to reach.
        before.note(LogPosition(envelopes: 40, presence: 9))
        #expect(!before.isUnknown)
        #expect(before.reaches(beyond: LogPosition(envelopes: 100, presence: 8)))
        #expect(!before.reaches(beyond: LogPosition(envelopes: 100, presence: 9)))
        var position = LogPosition()
        var cut = batch(next: end, end: end)
        let old = before.cut(&cut, from: position)
        #expect(!old.envelopes && !old.presence)
        position = LogPosition(envelopes: 100, presence: 9)
        #expect(cut == batch(next: position, end: end))
        cut = batch(from: position, next: end, end: end)
        let new = before.cut(&cut, from: position)
        #expect(new.envelopes && new.presence && cut == batch(from: position, next: end, end: end))
    }

    @Test func topicsAreCutEachForItself() {
        var before = FoldedBefore()
        before.note(LogPosition(envelopes: 100, presence: 7))
        let position = LogPosition(envelopes: 100, presence: 2)
        var cut = batch(from: position, next: LogPosition(envelopes: 110, presence: 12), end: end)
        let news = before.cut(&cut, from: position)
        #expect(news.envelopes && !news.presence)
        #expect(cut == batch(from: position, next: LogPosition(envelopes: 110, presence: 7), end: end))
    }

    /// A tail that has just begun to read does not know yet where the log ends.
    @Test func theEndThatABatchKnowsIsNotTheLogs() {
        var before = FoldedBefore()
        before.note(LogPosition(envelopes: 100, presence: 7))
        before.forget(beyond: LogPosition(envelopes: 100, presence: 7))
        let next = LogPosition(envelopes: 3, presence: 1)
        var cut = batch(next: next, end: next)
        let news = before.cut(&cut, from: LogPosition())
        #expect(!news.envelopes && !news.presence && cut == batch(next: next, end: next))
    }

    @Test func aLogThatLostItsEndIsNew() {
        var before = FoldedBefore()
        before.note(LogPosition(envelopes: 100, presence: 7))
        let end = LogPosition(envelopes: 99, presence: 7)
        before.forget(beyond: end)
        var cut = batch(next: end, end: end)
        #expect(before.cut(&cut, from: LogPosition()).envelopes)
        // Also when it has grown past that again.
        let later = LogPosition(envelopes: 100, presence: 7)
        cut = batch(next: later, end: later)
        #expect(before.cut(&cut, from: LogPosition()).envelopes)
        before.note(later)
        before.forget()
        #expect(before.isUnknown)
    }
}
