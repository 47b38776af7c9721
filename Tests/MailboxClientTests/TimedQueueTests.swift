import MailboxClient
import Testing

@Suite struct TimedQueueTests {
    private struct Broken: Error {}

    @Test func messagesComeInOrderAndThenTheEnd() async {
        let queue = TimedQueue<Int>()
        async let putting: Void = {
            for number in 0..<1000 { await queue.put(number) }
            queue.end(Broken())
        }()
        var received: [Int] = []
        loop: while true {
            switch await queue.take(until: .now + .seconds(10)) {
            case .element(let number): received.append(number)
            case .end(let error):
                #expect(error is Broken)
                break loop
            case .timeout:
                Issue.record("nothing came")
                break loop
            }
        }
        await putting
        #expect(received == Array(0..<1000))
    }

    @Test func waitingHasALimitAndLosesNothing() async {
        let queue = TimedQueue<Int>()
        guard case .timeout = await queue.take(until: .now + .milliseconds(20)) else {
            Issue.record("something came from nowhere")
            return
        }
        async let putting: Void = queue.put(7)
        guard case .element(7) = await queue.take(until: .now + .seconds(10)) else {
            Issue.record("the message was lost")
            return
        }
        await putting
    }

    @Test func whoSendsWaitsUntilTheOneBeforeWasTaken() async throws {
        let queue = TimedQueue<Int>()
        let second = Task {
            await queue.put(1)
            await queue.put(2)
            return ContinuousClock.now
        }
        try await Task.sleep(for: .milliseconds(50))
        let taken = ContinuousClock.now
        _ = await queue.take(until: nil)
        _ = await queue.take(until: nil)
        #expect(await second.value >= taken)
    }

    @Test(.timeLimit(.minutes(1))) func theEndFreesWhoSends() async {
        let queue = TimedQueue<Int>()
        async let putting: Void = {
            await queue.put(1)
            await queue.put(2)
        }()
        await Task.yield()
        queue.end(nil)
        await putting
    }
}
