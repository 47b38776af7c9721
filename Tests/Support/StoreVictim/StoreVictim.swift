import EmbeddedStore
import Foundation
import IdentityBasedEncryption
import Mailbox
import Primitives
import StoreBehaviour

/// A process that uses a store until it is killed, and says each thing that the store has promised on a line of its
/// own: `stored N` for the deposit of seed N, `settled N` when its tombstone is there.
@main
struct StoreVictim {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let first = UInt64(arguments[3]) else {
            print("usage: StoreVictim append|hold PATH FIRST-SEED")
            exit(2)
        }
        let store = try EmbeddedStore(.init(path: arguments[2], partitionCount: 2, clock: clock))
        if arguments[1] == "hold" { try await hold(arguments[2]) }
        let (anna, ben) = (try person("anna"), try person("ben"))
        for seed in first... {
            let mail = SampleMail(from: anna, to: ben, seed: seed, length: 3000 - 16)
            let key = try mail.key
            let offsets = try await store.append(
                contents: [0, 1, 2].map { Array(mail.ciphertext[$0 * 1000..<($0 + 1) * 1000]) }, of: key)
            let run = try ContentRun(partition: store.partition(of: key), offsets: offsets)
            try await store.append(try mail.envelope(receivedAt: clock(), run: run))
            say("stored \(seed)")
            if seed % 3 == 0 {
                try await store.append([Tombstone(key: key, reason: .acknowledged, at: clock())])
                say("settled \(seed)")
                if seed % 30 == 0 { try await store.tick(partition: store.partition(of: key)) }
            }
        }
    }

    /// Holds the write lock until it is killed, or for a minute.
    static func hold(_ path: String) async throws {
        let lock = try HeldLock(path)
        say("holding")
        try await Task.sleep(for: .seconds(60))
        lock.release()
        exit(0)
    }

    @Sendable static func clock() -> UTCTime {
        UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}
