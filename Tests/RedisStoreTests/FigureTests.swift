import Foundation
import Mailbox
import Primitives
import RedisStore
import StoreBehaviour
import Testing

/// Prints figures where they are asked for: `POSTE_FIGURES=1 swift test -c release --filter FigureTests`.
@Suite(
    .enabled(if: RedisServer.isInstalled && ProcessInfo.processInfo.environment["POSTE_FIGURES"] != nil))
struct FigureTests {
    private func rate(_ what: String, _ count: Int, _ body: () async throws -> Void) async throws {
        let begun = ContinuousClock.now
        try await body()
        let seconds = (ContinuousClock.now - begun) / .seconds(1)
        print("\(what): \(Int(Double(count) / seconds))/s")
    }

    @Test func figures() async throws {
        let server = try RedisServer()
        let store = try server.store()
        try await store.ping()
        let value = [UInt8](repeating: 7, count: 1024)
        let key = Array("figure".utf8)
        try await rate("SET of 1 KB, one at a time", 20_000) {
            for _ in 0..<20_000 { _ = try await store.command("SET", [key, value]) }
        }
        try await rate("SET of 1 KB, 100 tasks", 100_000) {
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
                "-p", String(server.port), "-c", "1", "-P", pipeline, "-d", "1024", "-n",
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
        try await rate("deposits into the view, 500 a batch", 20_000) {
            for batch in 0..<40 {
                _ = try await store.apply(
                    Array(deposits[(500 * batch)..<(500 * batch + 500)]), to: 0,
                    from: batch == 0 ? nil : position(UInt64(batch)), reaching: position(UInt64(batch + 1)))
            }
        }
        await store.close()
    }
}
