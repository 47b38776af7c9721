import ClusterStatus
import EmbeddedStore
import Foundation
import Mailbox
import Primitives
import Synchronization
import Testing

@Suite struct RosterTests {
    @Test func membersSeeEachOtherAndLeaveByWordOrBySilence() async throws {
        try await withStore { store, clock in
            let front = Roster(store) { member("front") }
            let worker = Roster(store) { member("deliver", partitions: [0, 1]) }
            try await front.speak()
            try await worker.speak()
            try await front.speak()
            let members = try await front.members()
            #expect(members.map(\.id) == ["front", "deliver"])
            #expect(members.last?.partitions == [0, 1])

            // The worker falls silent, the front goes on.
            clock.advance(.seconds(8))
            try await front.speak()
            clock.advance(.seconds(8))
            #expect(try await worker.members().map(\.id) == ["front"])
            // It comes back, and others take the place of who left.
            try await worker.speak()
            #expect(try await front.members().map(\.id) == ["front", "deliver"])

            let leaving = Task { await front.run() }
            try await Task.sleep(for: .milliseconds(50))
            leaving.cancel()
            await leaving.value
            #expect(try await worker.members().map(\.id) == ["deliver"])
        }
    }

    @Test func nobodyTakesAnothersPlace() async throws {
        try await withStore { store, _ in
            let rosters = (0..<20).map { number in Roster(store) { member("m\(number)") } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for roster in rosters {
                    group.addTask { for _ in 0..<3 { try await roster.speak() } }
                }
                try await group.waitForAll()
            }
            let ids = try await rosters[0].members().map(\.id)
            #expect(ids.count == 20 && Set(ids).count == 20)
        }
    }

    @Test func aWordWhoseAnswerWasLostMakesNoSecondMember() async throws {
        try await withStore { store, _ in
            let sessions = ForgetfulSessions(store)
            let roster = Roster(sessions) { member("front") }
            sessions.losesAnswers.withLock { $0 = true }
            for _ in 0..<2 { await #expect(throws: StoreError.self) { try await roster.speak() } }
            sessions.losesAnswers.withLock { $0 = false }
            try await roster.speak()
            try await roster.speak()
            #expect(try await roster.members().map(\.id) == ["front"])
        }
    }
}

/// A store that does what it is asked, and whose answers may be lost.
private final class ForgetfulSessions: SessionStore {
    let losesAnswers = Mutex(false)
    private let store: any SessionStore

    init(_ store: any SessionStore) { self.store = store }

    func value(of key: SessionKey) async throws(StoreError) -> [UInt8]? { try await store.value(of: key) }
    func remove(_ key: SessionKey) async throws(StoreError) { try await store.remove(key) }
    func add(_ amount: UInt64, to key: SessionKey, lifetime: Duration) async throws(StoreError) -> UInt64 {
        try await store.add(amount, to: key, lifetime: lifetime)
    }
    func exchange(
        _ key: SessionKey, from expected: [UInt8]?, to value: [UInt8], lifetime: Duration
    ) async throws(StoreError) -> SessionExchange {
        let outcome = try await store.exchange(key, from: expected, to: value, lifetime: lifetime)
        if losesAnswers.withLock({ $0 }) { throw StoreError(.unavailable, "the answer was lost") }
        return outcome
    }
}

func member(_ id: String, role: String = "front", partitions: [Int] = [], figures: [String: Double] = [:])
    -> MemberStatus
{
    MemberStatus(
        id: id, role: role, name: "\(id):7401", admin: nil, version: "0.1", startedMs: 0,
        atMs: Int64(Date.now.timeIntervalSince1970 * 1000), partitions: partitions, figures: figures)
}

/// A clock that tests move.
final class Clock: Sendable {
    private let time = Mutex(UTCTime(milliseconds: 1_790_000_000_000))
    var now: UTCTime { time.withLock { $0 } }
    func advance(_ duration: Duration) {
        time.withLock { $0 = $0.advanced(byMilliseconds: Int64(duration / .milliseconds(1))) }
    }
}

func withStore(_ body: (EmbeddedStore, Clock) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-status-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let clock = Clock()
    let store = try EmbeddedStore(
        .init(path: folder.appendingPathComponent("store.db").path, partitionCount: 2, clock: { clock.now }))
    try await body(store, clock)
    await store.close()
}
