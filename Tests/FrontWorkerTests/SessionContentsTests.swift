import Mailbox
import Primitives
import Synchronization
import TestCluster
import Testing

/// What the session store is given, opened: it outlives the mail.
@Suite(.serialized) struct SessionContentsTests {
    @Test func noESKIsKeptBesideTheEnvelope() async throws {
        try await TestCluster.run(fronts: 0, deliveryWorkers: 0) { cluster in
            let sessions = RecordingSessions(cluster.store.sessions)
            let front = try await cluster.startFront(sessions: sessions)
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letter = try Letter([1, 2, 3], from: alice, under: session)
            try await front.leave(letter)
            let esk = try #require(session.secretKey).esk
            let kept = sessions.kept
            // The two states of the exchange.
            #expect(kept.count == 2)
            for (key, sealed) in kept {
                let octets = try cluster.seal.open(sealed, for: key).exposedCopy()
                #expect(octets.count > 100)
                for start in stride(from: 0, to: esk.count - 8, by: 8) {
                    #expect(octets.firstRange(of: esk[start..<start + 8]) == nil)
                }
            }
            // It is there to be found, in the log.
            let records = try await cluster.records(ofPartitionOf: bob.identity)
            #expect(records.contains { $0.record.value?.firstRange(of: esk) != nil })
        }
    }
}

/// A session store that remembers every value it was given.
private final class RecordingSessions: SessionStore {
    private let store: any SessionStore
    private let values = Mutex<[(SessionKey, [UInt8])]>([])

    init(_ store: any SessionStore) { self.store = store }

    var kept: [(SessionKey, [UInt8])] { values.withLock { $0 } }

    func value(of key: SessionKey) async throws(StoreError) -> [UInt8]? { try await store.value(of: key) }

    func exchange(
        _ key: SessionKey, from expected: [UInt8]?, to value: [UInt8], lifetime: Duration
    ) async throws(StoreError) -> SessionExchange {
        values.withLock { $0.append((key, value)) }
        return try await store.exchange(key, from: expected, to: value, lifetime: lifetime)
    }

    func remove(_ key: SessionKey) async throws(StoreError) { try await store.remove(key) }

    func add(_ amount: UInt64, to key: SessionKey, lifetime: Duration) async throws(StoreError) -> UInt64 {
        try await store.add(amount, to: key, lifetime: lifetime)
    }
}
