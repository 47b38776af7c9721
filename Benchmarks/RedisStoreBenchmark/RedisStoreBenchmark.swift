import Foundation
import IdentityBasedEncryption
import Mailbox
import Primitives
import RedisStore
import StoreBehaviour

/// Commands and deposits a second on the Redis given, beside `redis-benchmark`: what counts is the ratio.
@main struct RedisStoreBenchmark {
    static func main() async throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: RedisStoreBenchmark redis://HOST:PORT")
            return
        }
        var configuration = try RedisStore.Configuration(url: CommandLine.arguments[1])
        configuration.prefix = "bench\(hexadecimal(try SystemRandom().octets(4))):"
        let endpoint = configuration.servers[0]
        let store = try RedisStore(configuration)
        try await store.ping()
        let value = [UInt8](repeating: 7, count: 1024)
        let key = Array("figure".utf8)
        try await rate("SET of 1 KB, one at a time", 20_000) { @Sendable in
            for _ in 0..<20_000 { _ = try await store.command("SET", [key, value]) }
        }
        try await rate("SET of 1 KB, 100 tasks", 100_000) { @Sendable in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask { for _ in 0..<1000 { _ = try await store.command("SET", [key, value]) } }
                }
                try await group.waitForAll()
            }
        }
        for pipeline in ["1", "100"] {
            let output = Pipe()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-benchmark")
            process.arguments = [
                "-h", endpoint.host, "-p", String(endpoint.port), "-c", "1", "-P", pipeline, "-d", "1024", "-n",
                pipeline == "1" ? "20000" : "200000", "-t", "set", "-q",
            ]
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            let last = text.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
            print("redis-benchmark, one connection, \(pipeline) pipelined: \(last)")
        }
        let now = UTCTime(milliseconds: 1_796_117_402_000)
        let deposits = try (0..<20_000).map { index in
            let mail = SampleMail(
                from: try person("anna"), to: try person("p\(index % 500)"), seed: UInt64(index), length: 300)
            return ViewChange.insert(
                PendingDeposit(offset: UInt64(index), envelope: try mail.envelope(receivedAt: now)))
        }
        try await rate("deposits into the view, 500 a batch", 20_000) { @Sendable in
            for batch in 0..<40 {
                _ = try await store.apply(
                    Array(deposits[(500 * batch)..<(500 * batch + 500)]), to: 0,
                    from: batch == 0 ? nil : position(batch), reaching: position(batch + 1))
            }
        }
        await store.close()
    }

    private static func position(_ batch: Int) -> ViewPosition {
        ViewPosition(
            log: "log", next: LogPosition(envelopes: UInt64(batch), presence: 0),
            asOf: UTCTime(milliseconds: 1_796_117_402_000))
    }

    private static func rate(_ what: String, _ count: Int, _ body: @Sendable () async throws -> Void) async throws {
        let begun = ContinuousClock.now
        try await body()
        let seconds: Double = (ContinuousClock.now - begun) / .seconds(1)
        print("\(what): \(Int(Double(count) / seconds))/s")
    }
}
