import KafkaLog
import Mailbox
import Testing

/// What a member owns, also while the group is not to be had.
@Suite struct HoldingsTests {
    @Test func whatIsGivenAgainAfterALossDoesNotChange() {
        var holdings = Holdings()
        #expect(holdings.assigned([0, 1, 2]) == [.assigned([0, 1, 2])])
        holdings.lost([0, 1, 2])
        #expect(holdings.owned.isEmpty)
        #expect(holdings.assigned([0, 1, 2]) == [])
        #expect(holdings.owned == [0, 1, 2])
    }

    @Test func whatOthersGotMeanwhileIsLetGoFirst() {
        var holdings = Holdings()
        _ = holdings.assigned([0, 1, 2])
        holdings.lost([0, 1, 2])
        #expect(holdings.assigned([2, 3]) == [.revoked([0, 1]), .assigned([3])])
        #expect(holdings.owned == [2, 3])
        // The rest of a share may come in a second step; what was let go is given anew then.
        #expect(holdings.assigned([1]) == [.assigned([1])])
    }

    @Test func whoGetsNothingLetsAllGo() {
        var holdings = Holdings()
        _ = holdings.assigned([0])
        holdings.lost([0])
        #expect(holdings.assigned([]) == [.revoked([0])])
        #expect(holdings.assigned([]) == [])
    }

    @Test func whatTheGroupWantsBackIsLetGo() {
        var holdings = Holdings()
        _ = holdings.assigned([0, 1])
        #expect(holdings.revoked([1]) == [1])
        #expect(holdings.owned == [0])
        holdings.lost([0])
        #expect(holdings.assigned([0]) == [])
    }
}
