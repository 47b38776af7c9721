import Foundation
import RPC
import Testing

/// What ends a call before its time, from either side.
@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
    @Test func aDeadlineEndsTheCallOnBothSides() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        try await channel.waitUntilReady(timeout: .seconds(5))
        let start = ContinuousClock.now
        await #expect(throws: RPCStatus(.deadlineExceeded, "\(channel.address) did not answer in time")) {
            try await channel.unary("/test.Echo/Sleep", [], deadline: .seconds(1))
        }
        #expect(.now - start < .seconds(3))
        #expect(await echo.events.eventually { $0.notes == ["sleeping", "sleeper cancelled"] })
        #expect(await echo.events.eventually { $0.records.map(\.code) == [.cancelled] })
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func theHandlerKnowsTheDeadline() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        let left = try await channel.unary("/test.Echo/Left", [], deadline: .seconds(7))
        let milliseconds = try #require(Int(text(left) ?? ""))
        // gRPC sends it in hundredths of a second, rounded up.
        #expect((5_000...7_010).contains(milliseconds))
        #expect(try await text(channel.unary("/test.Echo/Left", [])) == "never")
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func cancellingTheCallersTaskCancelsTheHandler() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        let task = Task { try await channel.unary("/test.Echo/Sleep", []) }
        #expect(await echo.events.eventually { $0.notes == ["sleeping"] })
        task.cancel()
        await #expect(throws: RPCStatus(.cancelled, "the call was cancelled")) { try await task.value }
        #expect(await echo.events.eventually { $0.notes == ["sleeping", "sleeper cancelled"] })
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aTaskThatIsCancelledBeforehandCallsNobody() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await channel.unary("/test.Echo/Echo", [1])
        }
        await #expect(throws: RPCStatus(.cancelled, "the call was cancelled")) { try await task.value }
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aWriterThatIsCancelledStopsNoOther() async throws {
        let echo = try EchoServer()
        let call = try await echo.channel().serverStreaming("/test.Echo/Crowd", [])
        var count = 0
        while let message = try await call.receive() { count += message == [1] ? 1 : 0 }
        #expect(count == 2000)
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func cancellingAReaderCancelsTheCall() async throws {
        let echo = try EchoServer()
        let call = try echo.channel().bidirectional("/test.Echo/Chat")
        #expect(try await call.send([1]))
        #expect(try await call.receive() == [1])
        let reader = Task { try await call.receive() }
        try await Task.sleep(for: .milliseconds(50))
        reader.cancel()
        await #expect(throws: RPCStatus(.cancelled, "the task is cancelled")) { try await reader.value }
        #expect(await echo.events.eventually { $0.notes == ["chat broken: CANCELLED: the client is gone"] })
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aCallThatNobodyHoldsIsCancelled() async throws {
        let echo = try EchoServer()
        var call: RPCCall? = try echo.channel().bidirectional("/test.Echo/Chat")
        #expect(try await call?.send([1]) == true)
        #expect(try await call?.receive() == [1])
        call = nil
        #expect(await echo.events.eventually { $0.notes == ["chat broken: CANCELLED: the client is gone"] })
        await echo.server.shutdown(grace: .seconds(1))
    }

    /// A stream that breaks must never look like one that ended: half a deposit would be taken for a whole.
    @Test func abandonedStreamsNeverLookFinished() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<300 {
                group.addTask {
                    let call = try channel.bidirectional("/test.Echo/Chat")
                    for _ in 0..<(number % 5) {
                        _ = try await call.send([UInt8](repeating: 1, count: 1 << (number % 15)))
                    }
                    if number % 3 == 0 { try await Task.sleep(for: .microseconds(number * 10)) }
                    call.cancel()
                }
            }
            try await group.waitForAll()
        }
        await echo.server.shutdown(grace: .seconds(2))
        #expect(!echo.events.notes.isEmpty)
        #expect(!echo.events.notes.contains("chat ended"))
    }

    @Test func whatNobodyReadsHoldsTheServerBack() async throws {
        let echo = try EchoServer()
        let call = try await echo.channel().serverStreaming("/test.Echo/Flood", [])
        #expect(await echo.events.eventually { !$0.notes.isEmpty })
        try await Task.sleep(for: .milliseconds(300))
        let stalled = echo.events.notes.count
        #expect(stalled < 40, "the server has sent \(stalled) messages of 16 KiB to nobody")
        for _ in 0..<100 { #expect(try await call.receive()?.count == 16_384) }
        call.cancel()
        #expect(await echo.events.eventually { $0.records.count == 1 })
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func whatTheServerDoesNotReadHoldsTheClientBack() async throws {
        let echo = try EchoServer()
        let call = try echo.channel().clientStreaming("/test.Echo/Ignore")
        let sent = Events()
        let sender = Task {
            while try await call.send([UInt8](repeating: 1, count: 16_384)) { sent.note("") }
        }
        #expect(await sent.eventually { !$0.notes.isEmpty })
        try await Task.sleep(for: .milliseconds(300))
        #expect(sent.notes.count < 40, "the client has sent \(sent.notes.count) messages of 16 KiB to nobody")
        sender.cancel()
        await #expect(throws: RPCStatus(.cancelled, "the task is cancelled")) { try await sender.value }
        #expect(await echo.events.eventually { $0.records.map(\.code) == [.cancelled] })
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aKilledClientCancelsTheHandler() async throws {
        let echo = try EchoServer(security: .plaintext)
        let peer = try await Peer("hold", "\(echo.server.port)")
        #expect(peer.line == "held")
        peer.signal(SIGKILL)
        #expect(await echo.events.eventually { $0.notes == ["chat broken: CANCELLED: the client is gone"] })
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aKilledServerEndsTheStream() async throws {
        let peer = try await Peer("serve")
        let channel = try RPCChannel(
            RPCChannelConfiguration(host: "127.0.0.1", port: #require(Int(peer.line)), security: .plaintext))
        let call = try channel.bidirectional("/test.Echo/Chat")
        #expect(try await call.send([1]))
        #expect(try await call.receive() == [1])
        peer.signal(SIGKILL)
        let error = await thrown { try await call.receive() }
        #expect(error?.code == .unavailable)
        #expect(
            error?.message.hasPrefix("lost the connection to \(channel.address)") == true, "\(error?.message ?? "")")
        #expect(try await !call.send([2]))
    }

    @Test func aFrozenServerIsFoundByItsSilence() async throws {
        let peer = try await Peer("serve")
        defer { peer.signal(SIGKILL) }
        var configuration = RPCChannelConfiguration(
            host: "127.0.0.1", port: try #require(Int(peer.line)), security: .plaintext)
        configuration.keepalive = .seconds(1)
        configuration.keepaliveTimeout = .milliseconds(500)
        let call = try RPCChannel(configuration).bidirectional("/test.Echo/Chat")
        #expect(try await call.send([1]))
        #expect(try await call.receive() == [1])
        peer.signal(SIGSTOP)
        let start = ContinuousClock.now
        let error = await thrown { try await call.receive() }
        #expect(error?.code == .unavailable)
        #expect(.now - start < .seconds(5))
    }
}
