import KeyManagement
import Primitives
import Testing

@Suite struct AnsweredRequestsTests {
    private let start = UTCTime(milliseconds: 1_700_000_000_000)
    private var expires: UTCTime { start.advanced(byMilliseconds: 600_001) }

    private func begin(
        _ requests: inout AnsweredRequests, _ csbID: UInt32, digest: [UInt8] = [1], account: Int64 = 1,
        now: UTCTime? = nil
    ) -> AnsweredRequests.Standing {
        requests.begin(csbID: csbID, account: account, digest: digest, expires: expires, now: now ?? start)
    }

    @Test func knowsARepeatUntilItExpires() {
        var requests = AnsweredRequests(octetLimit: 10_000)
        #expect(begin(&requests, 7) == .new)
        #expect(begin(&requests, 7) == .underway)
        requests.finish(csbID: 7, account: 1, digest: [1], answer: [9, 9])
        #expect(begin(&requests, 7) == .answered([9, 9]))
        #expect(begin(&requests, 7, digest: [2]) == .other)
        #expect(begin(&requests, 7, account: 2) == .new)
        let last = expires.advanced(byMilliseconds: -1)
        #expect(begin(&requests, 7, now: last) == .answered([9, 9]))
        #expect(begin(&requests, 7, digest: [2], now: expires) == .new)
    }

    @Test func forgetsWhatWasRefused() {
        var requests = AnsweredRequests(octetLimit: 10_000)
        #expect(begin(&requests, 7) == .new)
        // A refusal of other octets does not concern it.
        requests.abandon(csbID: 7, account: 1, digest: [2])
        #expect(begin(&requests, 7) == .underway)
        requests.abandon(csbID: 7, account: 1, digest: [1])
        #expect(begin(&requests, 7, digest: [2]) == .new)
    }

    @Test func forgetsTheOldestWhenItIsFull() {
        var requests = AnsweredRequests(octetLimit: 100_000)
        let answer = [UInt8](repeating: 0, count: 1000)
        for csbID in 0..<10_000 as Range<UInt32> {
            #expect(begin(&requests, csbID) == .new)
            requests.finish(csbID: csbID, account: 1, digest: [1], answer: answer)
        }
        #expect((80...90).contains(requests.count))
        #expect(begin(&requests, 9999) == .answered(answer))
        #expect(begin(&requests, 0) == .new)
        // Refused ones do not pile up either.
        for csbID in 20_000..<40_000 as Range<UInt32> {
            #expect(begin(&requests, csbID) == .new)
            requests.abandon(csbID: csbID, account: 1, digest: [1])
        }
        #expect(requests.count <= 1)
    }

    @Test func budgetCountsWhatItDoesNotTake() {
        var budget = RefusalBudget()
        for _ in 0..<RefusalBudget.burst { #expect(budget.take(now: start) == 0) }
        for _ in 0..<7 { #expect(budget.take(now: start) == nil) }
        let later = start.advanced(byMilliseconds: RefusalBudget.intervalMilliseconds)
        #expect(budget.take(now: later) == 7)
        #expect(budget.take(now: later) == nil)
        let muchLater = later.advanced(byMilliseconds: 1000 * RefusalBudget.intervalMilliseconds)
        #expect(budget.take(now: muchLater) == 1)
        for _ in 1..<RefusalBudget.burst { #expect(budget.take(now: muchLater) == 0) }
        #expect(budget.take(now: muchLater) == nil)
    }
}
