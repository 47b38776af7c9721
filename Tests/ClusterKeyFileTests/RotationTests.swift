import ClusterKeyFile
import IBAKE
import Mailbox
import Primitives
import RPC
import TestCluster
import Testing

/// Fronts whose keys change under what they are doing.
@Suite(.serialized) struct RotationTests {
    @Test func rotationUnderHandshakesAndDepositsIsNotNoticed() async throws {
        try await TestCluster.run(fronts: 0, deliveryWorkers: 0) { cluster in
            let file = try KeyFile()
            let clock = cluster.clock
            // Two processes, each with eyes of its own on the file.
            let keys = try (0..<2).map { _ in try file.reader { clock.now } }
            var fronts: [TestFront] = []
            for each in keys { fronts.append(try await cluster.startFront(sessionKeys: each)) }
            let (one, other) = (fronts[0], fronts[1])
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let watches = keys.map { keys in Task { await keys.watch(every: .milliseconds(30)) } }
            defer { for watch in watches { watch.cancel() } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<25 {
                        try file.rotate(clock.now)
                        try await Task.sleep(for: .milliseconds(40))
                    }
                }
                for (first, second) in [(one, other), (other, one)] {
                    group.addTask {
                        var sessions: [EstablishedSession] = []
                        for number in 0..<15 {
                            sessions.append(try await alice.handshake(with: bob.identity, over: first, second))
                            // Under this session, and under the oldest, which other keys have sealed.
                            for session in [sessions[number], sessions[0]] {
                                let letter = try Letter([1], from: alice, under: session, number: UInt32(number))
                                #expect(letter.isConfirmed(by: try await first.leave(letter)))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try ClusterKeyFile.keys(at: file.path)?.entries.count == 26)
            #expect(file.count("changed") > 20)
            #expect(cluster.logCount("cluster key missing") == 0)
        }
    }

    /// Machines that share no folder: one has the new file before the other.
    @Test func frontWithAnOlderFileSendsElsewhereUntilItHasTheKey() async throws {
        try await TestCluster.run(fronts: 0, deliveryWorkers: 0) { cluster in
            let file = try KeyFile()
            let clock = cluster.clock
            try file.copy(to: "other.key")
            let keys = try file.reader { clock.now }
            let front = try await cluster.startFront(sessionKeys: keys)
            let behind = try await cluster.startFront(
                sessionKeys: try file.reader("other.key", keeper: .operators) { clock.now })
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let old = try await alice.handshake(with: bob.identity, over: behind, front)

            // Given to both before it seals: nobody notices.
            let soon = clock.now.advanced(byMilliseconds: 60_000)
            try file.rotate(soon)
            _ = await keys.refreshed()
            let early = try await alice.handshake(with: bob.identity, over: front, behind)
            try file.copy(to: "other.key")
            clock.advance(seconds: 61)
            #expect(try sealing(await keys.refreshed()) == 2)
            let late = try await alice.handshake(with: bob.identity, over: front, behind)
            for (number, session) in [old, early, late].enumerated() {
                let letter = try Letter([1], from: alice, under: session, number: UInt32(number))
                #expect(letter.isConfirmed(by: try await behind.leave(letter)))
            }

            // Given to one alone: the other says that somebody else can do it, and does it itself once it has the key.
            try file.rotate(clock.now)
            #expect(try sealing(await keys.refreshed()) == 3)
            let first = try alice.begin(bob.identity)
            let rMessage1 = try await front.exchange(first.iMessage1)
            #expect(try await status { try await behind.exchange(first.iMessage1) }?.code == .unavailable)
            let second = try alice.second(first, rMessage1)
            let session = try second.receive(
                rMessage2: try await front.exchange(second.iMessage2), keys: alice.ring())
            let letter = try Letter([1], from: alice, under: session)
            for _ in 0..<2 {
                #expect(try await status { try await behind.exchange(second.iMessage2) }?.code == .unavailable)
                #expect(try await status { try await behind.leave(letter) }?.code == .unavailable)
            }
            #expect(cluster.logCount("cluster key missing") == 5)
            #expect(letter.isConfirmed(by: try await front.leave(letter)))
            // What it seals itself the other opens.
            let mine = try await alice.handshake(with: bob.identity, over: behind, front)
            #expect(mine.esk != nil)
            try file.copy(to: "other.key")
            #expect(try await behind.exchange(second.iMessage2) == front.exchange(second.iMessage2))
            let next = try Letter([2], from: alice, under: session, number: 1)
            #expect(next.isConfirmed(by: try await behind.leave(next)))
        }
    }

    @Test func whatAForgottenKeySealedBeginsAgain() async throws {
        try await TestCluster.run(fronts: 0, deliveryWorkers: 0) { cluster in
            let file = try KeyFile()
            let clock = cluster.clock
            let keys = try file.reader { clock.now }
            let front = try await cluster.startFront(sessionKeys: keys)
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: front)
            let first = try alice.begin(bob.identity)
            let second = try alice.second(first, try await front.exchange(first.iMessage1))
            try file.rotate(clock.now)
            try ClusterKeyFile.change(file.path) { try $0?.forget(id: 1, at: clock.now, isUrgent: true) }
            _ = await keys.refreshed()
            let letter = try Letter([1], from: alice, under: session)
            #expect(try await status { try await front.leave(letter) }?.code == .notFound)
            #expect(try errorNumber(try await front.exchange(second.iMessage2)) == 12)
            // The first message of an exchange that was lost is a first message again.
            let again = try alice.second(first, try await front.exchange(first.iMessage1))
            let anew = try again.receive(rMessage2: try await front.exchange(again.iMessage2), keys: alice.ring())
            let late = try Letter([2], from: alice, under: anew)
            #expect(late.isConfirmed(by: try await front.leave(late)))
        }
    }
}
