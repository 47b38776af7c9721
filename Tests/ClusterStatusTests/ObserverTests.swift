import ClusterStatus
import EmbeddedStore
import Foundation
import IdentityBasedEncryption
import Mailbox
import StoreBehaviour
import Testing

@Suite struct ObserverTests {
    @Test func lagAndDeadLettersComeFromTheStoresAndOwnersFromTheRoster() async throws {
        try await withStore { store, clock in
            let worker = Roster(store) { member("worker", role: "deliver", partitions: [1]) }
            try await worker.speak()
            let observer = Observer(
                status: { member("front") }, stores: (store, store, Roster(store) { member("front") }))
            let ben = try Identity("sip:ben@example.com")
            let home = Partitioner.partition(of: ben, count: 2)
            for _ in 0..<3 { try await store.append(try PresenceEvent(entity: ben, isOpen: true)) }
            _ = try await store.append([LogRecord(key: [1], value: [2])], to: .deadLetters, partition: 0)

            await observer.look()
            let status = observer.current
            #expect(status.members.map(\.id) == ["front", "worker"])
            #expect(status.partitions.map(\.owner) == [nil, "worker"])
            #expect(status.partitions[home].presenceLag == 3 && status.partitions[1 - home].presenceLag == 0)
            #expect(status.partitions[0].deadLetters == 1)
            #expect(status.totals["lag"] == 3 && status.totals["dead_letters"] == 1)
            #expect(Verdict(status).findings.first?.text == "nobody works for partition 0")

            // Counted once, however often one looks.
            await observer.look()
            #expect(observer.current.partitions[0].deadLetters == 1)
            #expect(observer.current.history.count == 2)
        }
    }

    @Test func storesThatDoNotAnswerAreNamed() async throws {
        try await withStore { store, _ in
            let observer = Observer(
                status: { member("front") }, stores: (store, store, Roster(store) { member("front") }))
            await store.close()
            await observer.look()
            let status = observer.current
            #expect(status.members.map(\.id) == ["front"])
            #expect(status.faults.count == 2 && Verdict(status).level == .bad)
        }
    }

    @Test func whatProgramsReadIsWhatWasWritten() async throws {
        try await withStore { store, _ in
            let observer = Observer(
                status: { member("front", figures: ["deposits_per_s": 1.5]) },
                stores: (store, store, Roster(store) { member("front") }))
            await observer.look()
            let answer = try #require(observer.pages["/status.json"])
            let page = answer()
            #expect(page.mediaType == "application/json")
            let read = try JSONDecoder().decode(ClusterStatus.self, from: Data(page.body))
            #expect(read.partitions == observer.current.partitions && read.members.map(\.id) == ["front"])
            let object = try #require(try JSONSerialization.jsonObject(with: Data(page.body)) as? [String: Any])
            #expect((object["totals"] as? [String: Double])?["deposits_per_s"] == 1.5)
            #expect((object["partitions"] as? [[String: Any]])?.first?["presence_lag"] as? Int == 0)
        }
    }
}
