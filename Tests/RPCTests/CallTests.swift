import RPC
import Testing

/// The four kinds of calls, over TLS.
@Suite(.timeLimit(.minutes(1))) struct CallTests {
    @Test func unaryCallsBringTheAnswer() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        #expect(try await channel.unary("/test.Echo/Echo", Array("hello".utf8)) == Array("hello".utf8))
        #expect(try await channel.unary("/test.Echo/Echo", []) == [])
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func clientStreamsAreCounted() async throws {
        let echo = try EchoServer()
        let call = try echo.channel().clientStreaming("/test.Echo/Count")
        for _ in 0..<100 { #expect(try await call.send([UInt8](repeating: 1, count: 1000))) }
        #expect(try await text(call.response()) == "100000")
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func serverStreamsEndWithTheHandler() async throws {
        let echo = try EchoServer()
        let call = try await echo.channel().serverStreaming("/test.Echo/Repeat", Array("37".utf8))
        var count = 0
        while let message = try await call.receive() {
            #expect(text(message) == "37")
            count += 1
        }
        #expect(count == 37)
        #expect(try await call.receive() == nil, "the end stays the end")
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func bidirectionalStreamsAnswerEachMessage() async throws {
        let echo = try EchoServer()
        let call = try echo.channel().bidirectional("/test.Echo/Chat")
        for number in UInt8(0)..<50 {
            #expect(try await call.send([number]))
            #expect(try await call.receive() == [number])
        }
        await call.finish()
        #expect(try await call.receive() == nil)
        #expect(await echo.events.eventually { $0.notes == ["chat ended"] })
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aReaderBesideAWriterStopsWaitingWhenItsTaskIsCancelled() async throws {
        let echo = try EchoServer()
        let call = try echo.channel().bidirectional("/test.Echo/Tick")
        for tick in UInt8(0)..<5 { #expect(try await call.receive() == [tick]) }
        #expect(try await call.receive() == nil)
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func severalTasksSendOnOneCallInTurns() async throws {
        let echo = try EchoServer()
        let call = try echo.channel().clientStreaming("/test.Echo/Count")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    for _ in 0..<20 {
                        let isSent = try await call.send([UInt8](repeating: 1, count: 5000))
                        #expect(isSent)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await text(call.response()) == "2000000")
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func theServerMayAnswerBeforeItHasReadAll() async throws {
        let echo = try EchoServer()
        let call = try echo.channel().clientStreaming("/test.Echo/First")
        #expect(try await call.send([1]))
        var isOpen = true
        for _ in 0..<10_000 where isOpen { isOpen = try await call.send([UInt8](repeating: 2, count: 10_000)) }
        #expect(!isOpen, "sending ends when the call is over")
        #expect(try await call.response() == [1])
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func statusMessageAndRetryDelayArrive() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        await #expect(throws: RPCStatus(.failedPrecondition, "no: try “yes”", retryAfterMs: 1234)) {
            try await channel.unary("/test.Echo/Fail", [])
        }
        await #expect(throws: RPCStatus(.internal, "the server failed; its log says why")) {
            try await channel.unary("/test.Echo/Fault", [])
        }
        #expect(await echo.events.eventually { $0.records.last?.fault as? Fault == Fault() })
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aMethodThatIsNotThereIsUnimplemented() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        await #expect(throws: RPCStatus(.unimplemented, "this server has no method /test.Echo/None")) {
            try await channel.unary("/test.Echo/None", [1], deadline: .seconds(5))
        }
        let call = try channel.bidirectional("/no.Service/Method")
        await #expect(throws: RPCStatus(.unimplemented, "this server has no method /no.Service/Method")) {
            try await call.receive()
        }
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func theHandlerSeesPeerAndMetadata() async throws {
        let echo = try EchoServer()
        let answer = try await echo.channel().unary("/test.Echo/Who", [], metadata: ["x-trace": "abc"])
        #expect(text(answer) == "127.0.0.1 abc")
        #expect(await echo.events.eventually { $0.records.map(\.path) == ["/test.Echo/Who"] })
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func metadataThatHTTPForbidsAreRefused() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        await #expect(throws: RPCStatus.self) {
            try await channel.unary("/test.Echo/Echo", [], metadata: ["Not Legal": ""])
        }
        #expect(throws: RPCStatus.self) {
            _ = try channel.bidirectional("/test.Echo/Chat", metadata: ["x": "a\u{1}b"])
        }
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aUnaryMethodNeedsAMessage() async throws {
        let echo = try EchoServer()
        let call = try echo.channel().clientStreaming("/test.Echo/Echo")
        await #expect(throws: RPCStatus(.invalidArgument, "this method takes one message, and none came")) {
            try await call.response()
        }
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func plaintextIsThereForWhoAsksForIt() async throws {
        let echo = try EchoServer(security: .plaintext)
        let channel = try echo.channel { $0.security = .plaintext }
        #expect(try await channel.unary("/test.Echo/Echo", [5]) == [5])
        await echo.server.shutdown(grace: .seconds(1))
    }
}
