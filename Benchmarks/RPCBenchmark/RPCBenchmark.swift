import Foundation
import RPC
import Synchronization

/// Measures the gRPC adapter: client and server in two processes on loopback, both in Swift.
///
///     RPCBenchmark [SECONDS]        seconds for each figure, 2 by default
@main
struct RPCBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "serve" { return try await BenchmarkServer.serve() }
        let seconds = arguments.first.flatMap { Double($0) } ?? 2
        let roundTrips = try Yardstick.roundTrips(for: seconds)
        let throughput = try Yardstick.throughput(for: seconds)
        print("plain TCP, 1 KB there and back: \(whole(roundTrips))/s; 64 KiB one way: \(whole(throughput / 1e6)) MB/s")
        print("ratios are to these two; what runs at the same time on the machine moves both")

        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        server.arguments = ["serve"]
        let (input, output) = (Pipe(), Pipe())
        (server.standardInput, server.standardOutput) = (input, output)
        try server.run()
        defer { try? input.fileHandleForWriting.close() }
        var line = Data()
        while line.last != UInt8(ascii: "\n") { line += output.fileHandleForReading.availableData }
        let ports = try JSONDecoder().decode(BenchmarkServer.Ports.self, from: line)

        for (name, port, security) in [
            ("TLS", ports.tls, RPCChannelConfiguration.Security.tls(rootsPEM: ports.rootsPEM)),
            ("plaintext", ports.plaintext, .plaintext),
        ] {
            let load = Load(
                channel: try RPCChannel(
                    RPCChannelConfiguration(host: "127.0.0.1", port: port, security: security)), seconds: seconds)
            try await load.channel.waitUntilReady(timeout: .seconds(5))
            let single = try await load.unary(concurrency: 1)
            let many = try await load.unary(concurrency: 64)
            let streams = try await load.streams(64)
            let octets = try await load.clientStream()
            print("\(name):")
            report("unary 1 KB, one at a time", single, "calls/s", roundTrips)
            report("unary 1 KB, 64 at a time", many, "calls/s", roundTrips)
            report("64 streams, 1 KB there and back", streams, "messages/s", roundTrips)
            report("client stream of 64 KiB", octets / 1e6, "MB/s", throughput / 1e6)
        }
    }

    private static func report(_ name: String, _ value: Double, _ unit: String, _ yardstick: Double) {
        let figure = "\(whole(value)) \(unit)"
        let ratio = String(format: "%.2f", value / yardstick)
        print("  \(name.padding(toLength: 34, withPad: " ", startingAt: 0))\(figure), ratio \(ratio)")
    }

    private static func whole(_ value: Double) -> String { String(Int(value.rounded())) }
}

/// The client's side.
struct Load: Sendable {
    let channel: RPCChannel
    let seconds: Double

    private static let message = [UInt8](repeating: 5, count: 1024)

    /// Calls a second.
    func unary(concurrency: Int) async throws -> Double {
        try await rate(concurrency) { isOver in
            var count = 0
            while !isOver() {
                _ = try await channel.unary("/bench.Echo/Unary", Self.message)
                count += 1
            }
            return count
        }
    }

    /// Messages a second, there and back.
    func streams(_ concurrency: Int) async throws -> Double {
        try await rate(concurrency) { isOver in
            let call = try channel.bidirectional("/bench.Echo/Chat")
            var count = 0
            while !isOver() {
                _ = try await call.send(Self.message)
                _ = try await call.receive()
                count += 1
            }
            return count
        }
    }

    /// Octets a second.
    func clientStream() async throws -> Double {
        let chunk = [UInt8](repeating: 6, count: 65_536)
        return try await rate(1) { isOver in
            let call = try channel.clientStreaming("/bench.Echo/Take")
            var count = 0
            while !isOver() {
                guard try await call.send(chunk) else { break }
                count += 65_536
            }
            _ = try await call.response()
            return count
        }
    }

    private func rate(
        _ concurrency: Int, _ body: @escaping @Sendable (_ isOver: () -> Bool) async throws -> Int
    ) async throws -> Double {
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<concurrency { group.addTask { try await body { .now >= end } } }
            return try await group.reduce(0, +)
        }
        return Double(total) / ((ContinuousClock.now - start) / .seconds(1))
    }
}
