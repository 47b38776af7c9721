import MailboxClient
import Testing
import TestVectors

@Suite struct DeliveryOrderTests {
    private let start = ContinuousClock.now

    private func add(_ number: UInt32, to order: inout DeliveryOrder<UInt32>, at ms: Int = 0, expected: UInt32 = 0)
        -> [UInt32]
    {
        order.add(number, handshake: "a", number: number, expected: expected, now: start + .milliseconds(ms))
    }

    @Test func inOrderNothingWaits() {
        var order = DeliveryOrder<UInt32>()
        for number in 0..<5 as Range<UInt32> { #expect(add(number, to: &order) == [number]) }
        #expect(order.nextRelease == nil)
    }

    @Test func aNumberAheadWaitsForThoseBeforeIt() {
        var order = DeliveryOrder<UInt32>()
        #expect(add(2, to: &order) == [])
        #expect(add(1, to: &order) == [])
        #expect(add(0, to: &order) == [0, 1, 2])
    }

    @Test func whatAnEarlierRunHasSeenIsNotWaitedFor() {
        var order = DeliveryOrder<UInt32>()
        #expect(add(7, to: &order, expected: 7) == [7])
    }

    @Test func aGapIsWaitedForAMomentOnly() {
        var order = DeliveryOrder<UInt32>(patience: .milliseconds(500))
        #expect(add(3, to: &order, at: 100) == [])
        #expect(add(1, to: &order, at: 200) == [])
        #expect(order.nextRelease == start + .milliseconds(600))
        let early = order.due(at: start + .milliseconds(599))
        #expect(early == [])
        let inTime = order.due(at: start + .milliseconds(600))
        #expect(inTime == [1, 3], "3 has waited long enough, and 1 goes before it")
        #expect(order.nextRelease == nil)
        #expect(add(2, to: &order, at: 700) == [2], "what comes too late goes on at once")
    }

    @Test func aRefusedNumberIsNotWaitedFor() {
        var order = DeliveryOrder<UInt32>()
        #expect(add(1, to: &order) == [])
        let shown = order.skip(handshake: "a", number: 0, expected: 0)
        #expect(shown == [1])
    }

    @Test func handshakesDoNotWaitForEachOther() {
        var order = DeliveryOrder<UInt32>()
        #expect(add(1, to: &order) == [])
        let shown = order.add(0, handshake: "b", number: 0, expected: 0, now: start)
        #expect(shown == [0])
    }

    @Test func onlySoManyWait() {
        var order = DeliveryOrder<UInt32>(limit: 3)
        for number in [9, 7, 5] as [UInt32] { #expect(add(number, to: &order, at: Int(number)) == []) }
        #expect(!add(3, to: &order, at: 20).isEmpty)
    }

    @Test(arguments: 0..<200) func everythingComesOnceAndInOrderWhateverTheArrival(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var numbers = Array(0..<20 as Range<UInt32>)
        numbers.shuffle(using: &random)
        var order = DeliveryOrder<UInt32>(patience: .seconds(60))
        let shown = numbers.flatMap { add($0, to: &order) }
        #expect(shown == Array(0..<20))
    }
}
