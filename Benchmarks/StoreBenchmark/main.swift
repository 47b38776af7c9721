import EmbeddedStore
import Foundation
import Mailbox
import Primitives
import StoreBehaviour

/// How many deposits a second the embedded store takes, durably, and how fast they are folded into the view.

func clock() -> UTCTime { UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

func rate(_ what: String, _ count: Int, _ body: () async throws -> Void) async throws {
    let begun = ContinuousClock.now
    try await body()
    let seconds = Double((ContinuousClock.now - begun) / .milliseconds(1)) / 1000
    print("\(what): \(Int(Double(count) / seconds))/s (\(count) in \(String(format: "%.2f", seconds)) s)")
}

let folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-benchmark-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }
let store = try EmbeddedStore(
    .init(path: folder.appendingPathComponent("store.db").path, partitionCount: 1, clock: { clock() }))
let (anna, ben) = (try person("anna"), try person("ben"))
var seed: UInt64 = 0

for (senders, count) in [(1, 1000), (16, 8000), (256, 30_000)] {
    let envelopes = try (0..<count).map { _ in
        seed += 1
        return try SampleMail(from: anna, to: ben, seed: seed, length: 1000).envelope(receivedAt: clock())
    }
    try await rate("deposits of 1 kB, \(senders) at a time", count) {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<senders {
                group.addTask {
                    for index in stride(from: sender, to: count, by: senders) { try await store.append(envelopes[index]) }
                }
            }
            try await group.waitForAll()
        }
    }
}
try await rate("folded into the view", Int(seed)) { try await foldToEnd(store, store, partition: 0, now: clock()) }
let mail = SampleMail(from: anna, to: ben, seed: 0, length: 65_536)
let chunks = [[UInt8]](repeating: mail.ciphertext, count: 16)
try await rate("contents in chunks of 64 KiB, 16 at a time", 1600) {
    for _ in 0..<100 { _ = try await store.append(contents: chunks, of: mail.key) }
}
await store.close()
