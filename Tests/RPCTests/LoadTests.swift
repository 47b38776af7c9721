import Foundation
import RPC
import Testing

/// Limits, load, and the end of a server.
@Suite(.timeLimit(.minutes(1))) struct LoadTests {
    @Test func aThousandCallsAtATime() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<1000 {
                group.addTask {
                    let octets = Array("\(number)".utf8)
                    return try await channel.unary("/test.Echo/Nap", octets) == octets
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        await echo.server.shutdown(grace: .seconds(1))
        #expect(echo.events.records.count == 1000)
    }

    @Test func whatExceedsTheLimitIsRefusedAtOnce() async throws {
        let echo = try EchoServer {
            $0.maxCalls = 10
            $0.maxStreams = 3
            $0.retryAfterMs = 321
        }
        let channel = try echo.channel()
        let refused = RPCStatus(.resourceExhausted, "too many calls at a time: try again later", retryAfterMs: 321)
        let sleepers = (0..<10).map { _ in Task { try await channel.unary("/test.Echo/Sleep", []) } }
        #expect(await echo.events.eventually { $0.notes.count == 10 })
        for _ in 0..<20 { await #expect(throws: refused) { try await channel.unary("/test.Echo/Echo", [1]) } }
        // Streams have a limit of their own.
        let chats = try (0..<3).map { _ in try channel.bidirectional("/test.Echo/Chat") }
        for chat in chats {
            #expect(try await chat.send([1]))
            #expect(try await chat.receive() == [1])
        }
        let fourth = try channel.bidirectional("/test.Echo/Chat")
        await #expect(throws: refused) { try await fourth.receive() }
        for sleeper in sleepers { sleeper.cancel() }
        for chat in chats { chat.cancel() }
        #expect(await echo.events.eventually { $0.notes.count == 23 })
        #expect(try await channel.unary("/test.Echo/Echo", [1]) == [1], "there is room again")
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func messagesUpToTheLimitPass() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        let largest = [UInt8](repeating: 3, count: 4 << 20)
        #expect(try await channel.unary("/test.Echo/Echo", largest) == largest)
        let error = await thrown {
            try await channel.unary("/test.Echo/Echo", largest + [1])
        }
        #expect(error?.code == .resourceExhausted)
        // The same when only the receiver minds.
        let lenient = try echo.channel { $0.maxMessageOctets = 16 << 20 }
        let call = try lenient.bidirectional("/test.Echo/Chat")
        _ = try await call.send(largest + [1])
        let status = await thrown { try await call.receive() }
        #expect(status?.code == .resourceExhausted)
        #expect(try await channel.unary("/test.Echo/Echo", [1]) == [1], "the connection lives")
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func shutdownLetsCallsFinishAndThenCancelsThem() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        async let nap = channel.unary("/test.Echo/Nap", [1])
        let sleeper = Task { try await channel.unary("/test.Echo/Sleep", []) }
        let chat = try channel.bidirectional("/test.Echo/Chat")
        #expect(try await chat.send([1]))
        #expect(try await chat.receive() == [1])
        #expect(await echo.events.eventually { $0.notes == ["sleeping"] })
        let start = ContinuousClock.now
        async let first: Void = echo.server.shutdown(grace: .milliseconds(500))
        async let second: Void = echo.server.shutdown(grace: .milliseconds(500))
        #expect(try await nap == [1], "what finishes in time is answered")
        _ = await (first, second)
        let took = ContinuousClock.now - start
        #expect(took > .milliseconds(400) && took < .seconds(3), "\(took)")
        #expect(
            Set(echo.events.notes) == ["sleeping", "sleeper cancelled", "chat broken: CANCELLED: the client is gone"])
        let error = await thrown { try await sleeper.value }
        #expect(error?.code == .unavailable || error?.code == .cancelled)
        await #expect(throws: RPCStatus.self) { try await chat.receive() }
        await #expect(
            throws: RPCStatus(.unavailable, "cannot reach \(channel.address): connection refused: is it running?")
        ) {
            try await channel.unary("/test.Echo/Echo", [1])
        }
    }

    @Test func anIdleServerIsDownAtOnceAndItsPortIsFree() async throws {
        let echo = try EchoServer()
        let channel = try echo.channel()
        #expect(try await channel.unary("/test.Echo/Echo", [1]) == [1])
        let start = ContinuousClock.now
        await echo.server.shutdown(grace: .seconds(30))
        #expect(.now - start < .seconds(2))
        let again = try EchoServer(port: echo.server.port)
        #expect(try await channel.unary("/test.Echo/Echo", [2], deadline: .seconds(5), waitsForReady: true) == [2])
        await again.server.shutdown(grace: .seconds(1))
    }

    @Test func aPortInUseIsNamed() async throws {
        let echo = try EchoServer()
        let address = "127.0.0.1:\(echo.server.port)"
        #expect(throws: RPCServerError.portInUse(address: address)) { try EchoServer(port: echo.server.port) }
        #expect("\(RPCServerError.portInUse(address: address))".contains("is in use"))
        #expect(throws: RPCServerError.self) { try EchoServer { $0.host = "192.0.2.1" } }
        #expect(throws: RPCServerError.self) { try EchoServer { $0.host = "no.such.host.invalid" } }
        #expect(try await echo.channel().unary("/test.Echo/Echo", [1]) == [1], "the first one is unharmed")
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aMethodTwiceIsAnError() throws {
        let service = RPCService(name: "a.B", methods: [.unary("C") { _, _ in [] }, .unary("C") { _, _ in [] }])
        #expect(throws: RPCServerError.duplicateMethod("/a.B/C")) {
            try RPCServer(
                RPCServerConfiguration(host: "127.0.0.1", port: 0, security: .plaintext), services: [service])
        }
    }

    @Test func waitingForAServerThatComesLate() async throws {
        let first = try EchoServer(security: .plaintext)
        let port = first.server.port
        let channel = try first.channel { $0.security = .plaintext }
        await first.server.shutdown(grace: .zero)
        let unreachable = RPCStatus(
            .unavailable, "cannot reach 127.0.0.1:\(port): connection refused: is it running?")
        await #expect(throws: unreachable) { try await channel.waitUntilReady(timeout: .milliseconds(300)) }
        await #expect(throws: unreachable) { try await channel.unary("/test.Echo/Echo", [1]) }
        async let ready: Void = channel.waitUntilReady(timeout: .seconds(10))
        async let answer = channel.unary("/test.Echo/Echo", [7], deadline: .seconds(10), waitsForReady: true)
        try await Task.sleep(for: .milliseconds(300))
        let second = try EchoServer(security: .plaintext, port: port)
        try await ready
        #expect(try await answer == [7])
        await second.server.shutdown(grace: .seconds(1))
    }

    @Test func garbageHarmsNobody() async throws {
        for security in [nil, RPCServerConfiguration.Security.plaintext] {
            let echo = try EchoServer(security: security)
            var random = SystemRandomNumberGenerator()
            for round in 0..<50 {
                let socket = try RawSocket(port: echo.server.port)
                // HTTP/2's preface brings it further than noise.
                let preface = round % 2 == 0 ? [] : Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
                socket.send(preface + (0..<(round * 40)).map { _ in UInt8.random(in: 0...255, using: &random) })
                if round % 3 == 0 { socket.close() }
            }
            let channel = try echo.channel { if security != nil { $0.security = .plaintext } }
            #expect(try await channel.unary("/test.Echo/Echo", [1]) == [1])
            await echo.server.shutdown(grace: .seconds(1))
        }
    }
}

/// A TCP connection by hand.
final class RawSocket {
    private var descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    func send(_ octets: [UInt8]) { _ = Foundation.send(descriptor, octets, octets.count, Int32(MSG_NOSIGNAL)) }

    func close() {
        if descriptor >= 0 { Foundation.close(descriptor) }
        descriptor = -1
    }

    deinit { close() }
}
