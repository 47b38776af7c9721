import Foundation
import RPC

/// A process for tests to kill and to freeze.
///
///     RPCPeer serve                 prints its port; echoes on a stream, in plaintext
///     RPCPeer hold PORT             opens a stream to a server, sends a message, prints what comes back, and waits
@main
struct RPCPeer {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.dropFirst().first.flatMap { Int($0) }) {
        case ("serve", _): try await serve()
        case ("hold", let port?): try await hold(port)
        default: exit(2)
        }
    }

    private static func serve() async throws {
        let chat = RPCMethod.bidirectional("Chat") { requests, responses, _ in
            for try await request in requests { try await responses.send(request) }
        }
        let server = try RPCServer(
            RPCServerConfiguration(host: "127.0.0.1", port: 0, security: .plaintext),
            services: [RPCService(name: "test.Echo", methods: [chat])])
        report("\(server.port)")
        try await Task.sleep(for: .seconds(60))
    }

    private static func hold(_ port: Int) async throws {
        let channel = try RPCChannel(
            RPCChannelConfiguration(host: "127.0.0.1", port: port, security: .plaintext))
        let call = try channel.bidirectional("/test.Echo/Chat")
        _ = try await call.send(Array("held".utf8))
        report(String(decoding: try await call.receive() ?? [], as: UTF8.self))
        try await Task.sleep(for: .seconds(60))
        call.cancel()
    }

    private static func report(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }
}
