import Foundation
import Primitives
import Synchronization
import Testing

/// SIGKILL at any instant loses nothing that was promised and repeats nothing.
@Suite struct KillTests {
    /// What the senders were promised, and what the recipient was given.
    private final class Record: Sendable {
        private struct State {
            var sent: [String] = []
            var failures: [String] = []
            var isOver = false
        }

        private let state = Mutex(State())
        var sent: [String] { state.withLock { $0.sent } }
        var failures: [String] { state.withLock { $0.failures } }
        var isOver: Bool { state.withLock { $0.isOver } }
        func promise(_ digest: String) { state.withLock { $0.sent.append(digest) } }
        func fail(_ reason: String) { state.withLock { $0.failures.append(reason) } }
        func end() { state.withLock { $0.isOver = true } }
    }

    @Test func devIsKilledUnderLoad() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        // Fixed ports, as an operator has them: clients come back to the same address.
        let kms = Int.random(in: 20_000...29_000)
        let ports = ["--kms-listen", "127.0.0.1:\(kms)", "--front-listen", "127.0.0.1:\(kms + 1)"]
        var dev = try await poste.startDev(on: ports)
        for user in ["alice", "bob"] {
            let enrolled = try await poste.run("enroll", "sip:\(user)@example.com")
            #expect(enrolled.status == 0, "\(enrolled.errors)")
        }
        let record = Record()
        let recipient = try poste.start("receive", "--as", "sip:bob@example.com", "--follow", "--json")
        async let senders: Void = withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { try await send(poste, record) } }
            try await group.waitForAll()
        }
        for _ in 0..<15 {
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...1200)))
            dev.kill()
            await dev.ended()
            dev = try RunningPoste(["dev", "--level", "1024"] + ports, home: poste.home, input: nil)
        }
        record.end()
        try await senders
        // All that was promised comes; then nothing more does.
        for _ in 0..<300 where received(recipient).count < record.sent.count {
            try await Task.sleep(for: .milliseconds(100))
        }
        try await Task.sleep(for: .seconds(2))
        #expect(await recipient.stop() == 0)
        #expect(await dev.stop() == 0)
        let given = received(recipient)
        #expect(record.failures.isEmpty)
        #expect(record.sent.count >= 10)
        #expect(Set(given).count == given.count, "given twice")
        #expect(Set(record.sent).subtracting(given).isEmpty, "lost")
        #expect(Set(given).subtracting(record.sent).isEmpty, "never sent")
    }

    private func send(_ poste: Poste, _ record: Record) async throws {
        while !record.isOver {
            let content = try SystemRandom().octets([10, 1000, 200_000, 1_500_000].randomElement() ?? 10)
            let outcome = try await poste.run(
                ["send", "--from", "sip:alice@example.com", "--to", "sip:bob@example.com", "-"], input: content)
            if outcome.status == 0 {
                record.promise(hexadecimal(HashFunction.sha256.hash(content)))
            } else {
                record.end()
                record.fail("status \(outcome.status): \(outcome.errors.suffix(300))")
            }
        }
    }

    /// SHA-256 of each content that the recipient was told of, in order.
    private func received(_ recipient: RunningPoste) -> [String] {
        recipient.output.split(separator: "\n").compactMap { line in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return object?["sha256"] as? String
        }
    }
}
