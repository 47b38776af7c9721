import Mailbox
import Primitives
import TestVectors
import Testing

@Suite struct ClusterKeysTests {
    let start = UTCTime(milliseconds: 1_796_117_402_000)
    private let random = SeededRandom(seed: 5)
    private let name = SessionKey(kind: .session, name: [1, 2, 3])

    private func keys(rotatedAt times: Int64...) throws -> ClusterKeys {
        var keys = try ClusterKeys(random: random)
        for time in times { _ = try keys.rotate(sealsFrom: start.advanced(byMilliseconds: time), random: random) }
        return keys
    }

    /// Which key seals at a time, by the id in front of what it seals.
    private func sealing(_ keys: ClusterKeys, at time: Int64) throws -> UInt32 {
        let sealed = try keys.seal(at: start.advanced(byMilliseconds: time)).seal(SecretBytes([7]), for: name)
        return sealed.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    @Test func keySealsFromItsTimeOnAndOpensBefore() throws {
        let keys = try keys(rotatedAt: 60_000)
        #expect(try sealing(keys, at: 59_999) == 1)
        #expect(try sealing(keys, at: 60_000) == 2)
        // A front whose clock is ahead seals under the new key: one whose clock is behind opens it.
        let early = try keys.seal(at: start.advanced(byMilliseconds: 60_000)).seal(SecretBytes([7]), for: name)
        #expect(try keys.seal(at: start).open(early, for: name) == SecretBytes([7]))
        // A clock before all times has a key too.
        #expect(try keys.seal(at: UTCTime(milliseconds: -1)).open(early, for: name) == SecretBytes([7]))
    }

    @Test func laterKeyNeverSealsBeforeAnEarlierOne() throws {
        let keys = try keys(rotatedAt: 600_000, 0)
        #expect(keys.entries.map(\.id) == [1, 2, 3])
        #expect(try sealing(keys, at: 599_999) == 1)
        #expect(try sealing(keys, at: 600_000) == 3)
    }

    @Test func keyIsForgottenWhenNothingThatItSealedLives() throws {
        #expect(ClusterKeys.keptMs > SessionSeal.longestLifeMs)
        var keys = try keys(rotatedAt: 0)
        let sealed = try keys.seal(at: start.advanced(byMilliseconds: -1)).seal(SecretBytes([7]), for: name)
        let end = start.advanced(byMilliseconds: ClusterKeys.keptMs)
        let last = end.advanced(byMilliseconds: -1)
        #expect(keys.needed(id: 1) == end)
        #expect(keys.needed(id: 2) == nil)
        #expect(try keys.seal(at: last).open(sealed, for: name) == SecretBytes([7]))
        #expect(keys.forgetDue(at: last).isEmpty)
        #expect(throws: SessionSeal.Fault.unknownKey(id: 1)) { try keys.seal(at: end).open(sealed, for: name) }
        #expect(keys.seal(at: end).hasForgotten(keyID: 1))
        #expect(!keys.seal(at: end).hasForgotten(keyID: 3))
        #expect(!keys.seal(at: last).hasForgotten(keyID: 1))
        #expect(keys.forgetDue(at: end) == [1])
        #expect(keys.entries.map(\.id) == [2])
        // The last one is kept for ever.
        #expect(keys.forgetDue(at: end.advanced(byMilliseconds: 1 << 50)).isEmpty)
    }

    @Test func keyInUseIsForgottenOnDemandAlone() throws {
        var keys = try keys(rotatedAt: 0)
        let until = start.advanced(byMilliseconds: ClusterKeys.keptMs)
        #expect(throws: ClusterKeys.Fault.needed(id: 1, until: until)) { try keys.forget(id: 1, at: start) }
        #expect(throws: ClusterKeys.Fault.lastOne(id: 2)) { try keys.forget(id: 2, at: start, isUrgent: true) }
        #expect(throws: ClusterKeys.Fault.unknown(id: 3)) { try keys.forget(id: 3, at: start, isUrgent: true) }
        try keys.forget(id: 1, at: start, isUrgent: true)
        #expect(keys.entries.map(\.id) == [2])
        // A later one gets a new id all the same.
        #expect(try keys.rotate(sealsFrom: start, random: random).id == 3)
    }

    @Test func thereIsALimit() throws {
        var keys = try keys()
        for _ in 1..<ClusterKeys.countLimit { _ = try keys.rotate(sealsFrom: start, random: random) }
        #expect(throws: ClusterKeys.Fault.tooMany) { try keys.rotate(sealsFrom: start, random: random) }
        #expect(try ClusterKeys(text: keys.text) == keys)
    }

    @Test func fingerprintTellsKeysApart() throws {
        let keys = try keys(rotatedAt: 0)
        #expect(Set(keys.entries.map(\.fingerprint)).count == 2)
        #expect(keys.entries[0].fingerprint.count == 16)
        #expect(!String(decoding: keys.text, as: UTF8.self).contains(keys.entries[0].fingerprint))
    }

    @Test func textIsReadAgain() throws {
        let keys = try keys(rotatedAt: 0, 60_000)
        #expect(try ClusterKeys(text: keys.text) == keys)
        let line = String(repeating: "0a", count: 32)
        let loose = try ClusterKeys(
            text: Array("\n# mine\r\n  7\t2026-12-01T11:00:00+01:00   \(line.uppercased())\r\n\n".utf8))
        #expect(loose.entries.map(\.id) == [7])
        #expect(loose.entries[0].sealsFrom.description == "2026-12-01T10:00:00.000Z")
        #expect(loose.entries[0].secret == SecretBytes([UInt8](repeating: 10, count: 32)))
    }

    /// What clusters have had before there was rotation.
    @Test func textOfOneSecretIsKeyOne() throws {
        for end in ["", "\n", "\r\n"] {
            var keys = try ClusterKeys(text: Array((String(repeating: "0a", count: 32) + end).utf8))
            #expect(keys.entries.map(\.id) == [1])
            let old = SessionSeal(current: try .init(id: 1, secret: SecretBytes([UInt8](repeating: 10, count: 32))))
            let sealed = try old.seal(SecretBytes([7]), for: name)
            _ = try keys.rotate(sealsFrom: start, random: random)
            keys = try ClusterKeys(text: keys.text)
            #expect(try keys.seal(at: start).open(sealed, for: name) == SecretBytes([7]))
        }
    }

    @Test(arguments: [
        ("", 1, "no key"), ("# nothing\n", 2, "no key"), ("1 2026-12-01T10:00:00Z 0a", 1, "64"),
        ("1 2026-12-01T10:00:00Z KEY\n1 2026-12-01T10:00:00Z KEY", 2, "rise"),
        ("1 2026-12-01T10:00:01Z KEY\n2 2026-12-01T10:00:00Z KEY", 2, "fall"),
        ("1 KEY", 1, "an id, a time"), ("KEY KEY", 1, "an id, a time"), ("KEY\nKEY", 2, "an id, a time"),
        ("x 2026-12-01T10:00:00Z KEY", 1, "number"), ("-1 2026-12-01T10:00:00Z KEY", 1, "number"),
        ("4294967296 2026-12-01T10:00:00Z KEY", 1, "number"), ("1 yesterday KEY", 1, "time"),
        ("1 2026-12-01T10:00:00Z KEY more", 1, "an id, a time"), ("KEY0", 1, "64"),
        ("1 2026-12-01T10:00:00Z KEYx", 1, "64"),
    ])
    func damageIsNamedByItsLine(text: String, line: Int, reason: String) throws {
        let secret = String(repeating: "5c", count: 32)
        let octets = Array(text.replacing("KEY", with: secret).utf8)
        let fault = try #require(thrown(ClusterKeys.Damaged.self) { try ClusterKeys(text: octets) })
        #expect(fault.line == line)
        #expect(fault.reason.contains(reason), "\(fault)")
        #expect(!fault.description.contains("5c5c"))
    }

    @Test func mutatedTextsAreReadOrRefused() throws {
        let text = try keys(rotatedAt: 0, 60_000).text
        var read = 0
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<3000 {
            let octets = mutated(text, using: &generator)
            guard let keys = try? ClusterKeys(text: octets) else { continue }
            read += 1
            #expect(try ClusterKeys(text: keys.text) == keys)
            #expect(!keys.entries.isEmpty)
        }
        #expect(read > 10)
    }
}
