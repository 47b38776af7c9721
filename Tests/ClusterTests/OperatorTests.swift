import EmbeddedStore
import Foundation
import IdentityBasedEncryption
import Mailbox
import Primitives
import StoreBehaviour
import Testing

/// What an operator does to a cluster that runs.
@Suite struct OperatorTests {
    private static let now = UTCTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000))

    private func store(_ poste: Poste) throws -> EmbeddedStore {
        try EmbeddedStore(.init(path: poste.home.path + "/dev/store.sqlite") { Self.now })
    }

    private func objects(_ outcome: Poste.Outcome) throws -> [[String: Any]] {
        try outcome.lines.compactMap { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
    }

    @Test func deadLettersAreListedShownAndReplayed() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let none = try await poste.run("dead-letters")
        #expect(none.status == 69 && none.errors.contains("--cluster"), "no store is made where there is none")
        let dev = try await poste.startDev()
        #expect(try await poste.run("dead-letters").output == "no dead letters\n")
        let store = try store(poste)
        let bob = try Identity("sip:bob@example.com")
        let home = Partitioner.partition(of: bob, count: store.partitionCount)
        let event = try PresenceEvent(entity: bob, isOpen: true, contact: "192.0.2.7:5150")
        // Cut short: it fails again, however often it is replayed.
        let half = LogRecord(key: bob.octets, value: Array(event.json.dropLast(5)))
        let offset = try await store.append([half], to: .presence, partition: home)[0]
        var letters: [[String: Any]] = []
        for _ in 0..<100 where letters.isEmpty {
            letters = try objects(try await poste.run("dead-letters", "--json"))
        }
        #expect(letters.count == 1)
        let name = letters.first?["letter"] as? String ?? ""
        #expect(name == "\(home)/0")
        #expect(letters.first?["topic"] as? String == "poste.presence")
        #expect(letters.first?["offset"] as? UInt64 == offset)
        #expect(letters.first?["state"] as? String == "waiting")
        #expect(letters.first?["key"] as? String == hexadecimal(bob.octets))
        #expect(letters.first?["value"] == nil, "no content that nobody asked for")

        let table = try await poste.run("dead-letters", "--partition", "\(home)")
        #expect(table.lines.count == 2 && table.output.contains("poste.presence/\(home) \(offset)"))
        let shown = try await poste.run("dead-letters", name)
        #expect(shown.status == 0 && shown.output.contains("sip:bob@example.com"))
        #expect(!shown.output.contains(hexadecimal(half.value ?? [])))
        let whole = try await poste.run("dead-letters", name, "--content")
        #expect(whole.output.contains(hexadecimal(half.value ?? [])))
        #expect(try await poste.run("dead-letters", "\(home)/77").status == 67)
        #expect(try await poste.run("dead-letters", "7").status == 64)
        #expect(try await poste.run("dead-letters", "--replay").status == 64)

        let replayed = try await poste.run("dead-letters", "--replay", name)
        #expect(replayed.status == 0, "\(replayed.errors)")
        let twice = try await poste.run("dead-letters", "--replay", name)
        #expect(twice.status == 65 && twice.errors.contains("--again"))
        letters = []
        for _ in 0..<100 where letters.count < 2 {
            letters = try objects(try await poste.run("dead-letters", "--json"))
        }
        #expect(letters.first?["state"] as? String == "replayed")
        #expect(letters.last?["replay_of"] as? String == name, "it failed again, and says what it was")
        let all = try await poste.run("dead-letters", "--replay", "--all", "--json")
        #expect(try objects(all).count == 1, "only what was not replayed")
        #expect(await dev.stop() == 0)
        await store.close()
    }

    @Test func viewsAreRebuiltWhileTheClusterRuns() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev()
        let store = try store(poste)
        let (anna, bob) = (try Identity("sip:anna@example.com"), try Identity("sip:bob@example.com"))
        let home = Partitioner.partition(of: bob, count: store.partitionCount)
        let envelopes = try (0..<200).map {
            try SampleMail(from: anna, to: bob, seed: $0, lifetime: 86_400).envelope(receivedAt: Self.now)
        }
        for envelope in envelopes { try await (store as any MailLog).append(envelope) }
        let before = try await waitForMail(store, bob, home, envelopes.count)
        let rebuilt = try await poste.run("rebuild")
        #expect(rebuilt.status == 0, "\(rebuilt.errors)")
        #expect(rebuilt.output.contains("\(store.partitionCount) folded again in"))
        #expect(try await waitForMail(store, bob, home, envelopes.count) == before)
        let one = try objects(try await poste.run("rebuild", "--partition", "\(home)", "--json"))
        #expect(one.last?["percent"] as? Int == 100 && one.last?["partition"] as? Int == home)
        #expect(one.last?["end"] as? UInt64 == UInt64(envelopes.count))
        #expect(try await poste.run("rebuild", "--partition", "99").status == 64)
        #expect(await dev.stop() == 0)
        // Nobody folds: that is said, and the view comes once somebody does.
        let alone = try await poste.run("rebuild", "--partition", "\(home)", "--patience", "1s")
        #expect(alone.status == 69 && alone.errors.contains("poste deliver"))
        #expect(try await store.position(of: home) == nil)
        let again = try await poste.startDev()
        #expect(try await waitForMail(store, bob, home, envelopes.count) == before)
        #expect(await again.stop() == 0)
        await store.close()
    }

    private func waitForMail(
        _ store: EmbeddedStore, _ mailbox: Identity, _ partition: Int, _ count: Int
    ) async throws -> [PendingDeposit] {
        var found: [PendingDeposit] = []
        for _ in 0..<2000 where found.count < count {
            found = try await store.pending(
                in: mailbox, partition: partition, after: nil, limit: PageLimit(count: 10_000, octets: 1 << 30)
            ).deposits
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(found.count == count)
        return found
    }
}
