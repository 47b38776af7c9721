import EmbeddedStore
import Foundation
import IdentityBasedEncryption
import Mailbox
import MeasuredStores
import Observability
import Primitives
import StoreBehaviour
import Testing

@Suite struct MeasuredStoresTests {
    /// Measuring changes nothing that the ports promise.
    @Test func measuredStoresBehaveAsTheyDid() async throws {
        try await withStore { store, registry in
            let metrics = StoreMetrics(registry)
            try await SessionBehaviour(MeasuredSessions(store, metrics)).check()
            try await WholeBehaviour(MeasuredMailLog(store, metrics), MeasuredView(store, metrics), now: clock())
                .check()
            let text = registry.exposition
            #expect(text.contains("poste_store_seconds_count{store=\"view\",operation=\"apply\"}"))
            #expect(text.contains("poste_store_seconds_count{store=\"sessions\",operation=\"exchange\"}"))
            #expect(text.contains("poste_log_appended_records_total{topic=\"envelopes\"}"))
            // Whoever waits for news is not slow.
            #expect(!text.contains("operation=\"read\""))
            #expect(text.contains("poste_store_calls_underway{store=\"log\"} 0\n"))
        }
    }

    @Test func endsOfDepositsAreCountedByReason() async throws {
        try await withStore { store, registry in
            let log = MeasuredMailLog(store, StoreMetrics(registry))
            let key = DepositKey(
                id: try DepositID(octets: [UInt8](repeating: 1, count: 16)),
                mailbox: try Identity("sip:bob@example.com"))
            for _ in 0..<2 { try await log.append([Tombstone(key: key, reason: .refused, at: clock())]) }
            try await log.append([Tombstone(key: key, reason: .expired, at: clock())])
            #expect(registry.exposition.contains("poste_tombstones_total{reason=\"refused\"} 2\n"))
            #expect(registry.exposition.contains("poste_tombstones_total{reason=\"expired\"} 1\n"))
            #expect(registry.exposition.contains("poste_tombstones_total{reason=\"acknowledged\"} 0\n"))
            #expect(!registry.exposition.contains("bob"))
        }
    }

    @Test func faultsAreCountedByKindAndEndReadiness() async throws {
        try await withStore { store, registry in
            let metrics = StoreMetrics(registry)
            let readiness = Readiness(waitingFor: StoreProbe.parts)
            let probe = StoreProbe(
                mailLog: MeasuredMailLog(store, metrics), view: MeasuredView(store, metrics),
                sessions: MeasuredSessions(store, metrics), readiness: readiness, registry: registry)
            let probing = Task { await probe.run() }
            try await until { readiness.isReady }
            await store.close()
            try await until { readiness.lacks.count == 3 }
            #expect(registry.exposition.contains("poste_store_up{store=\"view\"} 0\n"))
            #expect(registry.exposition.contains("poste_store_errors_total{store=\"log\",kind=\"closed\"} "))
            probing.cancel()
            await probing.value
        }
    }
}

private func until(_ condition: () -> Bool) async throws {
    for _ in 0..<2000 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
    #expect(condition())
}

@Sendable private func clock() -> UTCTime { UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

private func withStore(_ body: (EmbeddedStore, MetricRegistry) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-measured-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try EmbeddedStore(
        .init(path: folder.appendingPathComponent("store.db").path, partitionCount: 2, clock: clock))
    try await body(store, MetricRegistry())
    await store.close()
}
