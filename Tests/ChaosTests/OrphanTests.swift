import ChaosRun
import Testing

/// What the log explains may stand in Redis, and nothing else.
@Suite struct OrphanTests {
    private static let mailbox = "sip:ben@example.com"
    private let waiting = [UInt8](repeating: 1, count: 16) + mailbox.utf8
    private let over = [UInt8](repeating: 2, count: 16) + mailbox.utf8

    /// Two deposits of which one is over, two streams of which one is closed.
    private var log: LogState {
        var log = LogState()
        for key in [waiting, over] { log.takeEnvelope(key: key, value: [1]) }
        log.takeEnvelope(key: over, value: nil)
        log.takeEnvelope(key: Array("tick".utf8), value: nil)
        let streams = #"{"entity":"\#(Self.mailbox)","stream":"0a0b","opened_ms":1},{"entity":"\#(Self.mailbox)","stream":"0c","opened_ms":1}"#
        log.takePresence(value: Array(#"{"front":"127.0.0.1:1","lease_ms":30000,"open":[\#(streams)]}"#.utf8))
        log.takePresence(
            value: Array(#"{"front":"127.0.0.1:1","lease_ms":30000,"closed":[{"entity":"\#(Self.mailbox)","stream":"0c"}]}"#.utf8))
        log.takePresence(value: Array("no JSON".utf8))
        return log
    }

    private func orphans(_ name: String, lifeMs: Int? = nil, _ members: [[UInt8]: [UInt8]] = [:]) -> Int {
        Keyspace(partitions: 12, log: log).orphans(among: [ScannedKey(name: Array(name.utf8), lifeMs: lifeMs, members: members)]).count
    }

    private func route(_ stream: [UInt8]) -> [UInt8] {
        let octets = [UInt8](repeating: 0, count: 16) + [UInt8(stream.count)] + stream + Array("127.0.0.1:1".utf8)
        return [0, UInt8(octets.count)] + octets
    }

    @Test func aLogSaysWhatWaitsAndWhatIsOpen() {
        #expect(log.waiting == [waiting])
        #expect(log.open == [Self.mailbox: [[10, 11]]])
    }

    @Test func positionsAndSessionsThatEndAreExplained() {
        #expect(orphans("poste:{0}:position") == 0)
        #expect(orphans("poste:{11}:position") == 0)
        #expect(orphans("poste:session:2:abc", lifeMs: 86_400_000) == 0)
    }

    @Test func foreignKeysAndSessionsWithoutAnEndAreOrphans() {
        #expect(orphans("foreign", lifeMs: 5) == 1)
        #expect(orphans("poste:") == 1)
        #expect(orphans("poste:session:2:abc") == 1)
        #expect(orphans("poste:session:2:abc", lifeMs: 200_000_000) == 1)
        #expect(orphans("poste:{12}:position") == 1)
        #expect(orphans("poste:{-1}:position") == 1)
        #expect(orphans("poste:{}:position") == 1)
        #expect(orphans("poste:{0}:position", lifeMs: 5) == 1)
        #expect(orphans("poste:{0}:other", [[1]: []]) == 1)
    }

    @Test func mailThatIsOverIsAnOrphan() {
        let place = [UInt8](repeating: 0, count: 8)
        func queued(_ key: [UInt8]) -> [UInt8] { [0, UInt8(Self.mailbox.utf8.count)] + Self.mailbox.utf8 + place + key.prefix(16) }
        for (name, entry) in [("envelopes", { $0 }), ("deposits", { $0 }), ("expiry", { place + $0 }), ("queue", queued)]
            as [(String, ([UInt8]) -> [UInt8])]
        {
            #expect(orphans("poste:{3}:\(name)", [entry(waiting): []]) == 0, "\(name)")
            #expect(orphans("poste:{3}:\(name)", [entry(waiting): [], entry(over): []]) == 1, "\(name)")
        }
        #expect(orphans("poste:{3}:usage", [Array(Self.mailbox.utf8): []]) == 0)
        #expect(orphans("poste:{3}:usage", [Array("sip:eve@example.com".utf8): []]) == 1)
    }

    @Test func aClosedStreamIsAnOrphan() {
        let (ben, eve) = (Array(Self.mailbox.utf8), Array("sip:eve@example.com".utf8))
        #expect(orphans("poste:{3}:routes", [ben: route([10, 11])]) == 0)
        #expect(orphans("poste:{3}:routes", [ben: route([10, 11]) + route([12])]) == 1)
        #expect(orphans("poste:{3}:routes", [eve: route([10, 11])]) == 1)
        #expect(orphans("poste:{3}:reachable", [ben: [], eve: []]) == 1)
        #expect(orphans("poste:{3}:leases", [Array("r".utf8) + ben: [], Array("r".utf8) + eve: []]) == 1)
        #expect(orphans("poste:{3}:presence", [ben: [1]]) == 1)
    }
}
