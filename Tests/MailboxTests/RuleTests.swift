import IdentityBasedEncryption
import Mailbox
import Primitives
import StoreBehaviour
import Testing

/// What fronts admit, what workers push and when, and how sessions are sealed.
struct RuleTests {
    let anna: Identity
    let ben: Identity
    let now = UTCTime(milliseconds: 1_796_117_402_000)
    let limits = DepositLimits(
        quota: Quota(count: 2, octets: 1000), longestLifetime: 3600, largestCiphertext: 500)

    init() throws {
        anna = try person("anna")
        ben = try person("ben")
    }

    func facts(_ header: DepositHeader) -> HandshakeFacts {
        HandshakeFacts(
            initiator: anna, called: ben, timestamp: header.fields.timestamp, day: now.day,
            encryptedKeyDigest: header.fields.encryptedKeyDigest)
    }

    func admit(
        _ mail: SampleMail, known: Envelope? = nil, usage: MailboxUsage = MailboxUsage(), at time: UTCTime? = nil,
        _ change: (inout HandshakeFacts) -> Void = { _ in }
    ) throws -> Admission {
        let header = try mail.header()
        var facts = facts(header)
        change(&facts)
        return Admission(header, under: facts, known: known, usage: usage, limits: limits, now: time ?? now)
    }

    @Test func depositMustBeThatOfItsHandshake() throws {
        let mail = SampleMail(from: anna, to: ben, seed: 1)
        let other = try person("mallory")
        #expect(try admit(mail) == .store)
        #expect(try admit(mail) { $0.initiator = other } == .refuse(.otherHandshake(field: "IDRi")))
        #expect(try admit(mail) { $0.called = other } == .refuse(.otherHandshake(field: "called IDRr")))
        #expect(try admit(mail) { $0.timestamp += 1 } == .refuse(.otherHandshake(field: "T")))
        #expect(try admit(mail) { $0.encryptedKeyDigest[31] ^= 1 } == .refuse(.otherHandshake(field: "ESK")))
    }

    @Test func handshakeCarriesDepositsUntil600sAfterItsDay() throws {
        let mail = SampleMail(from: anna, to: ben, seed: 1)
        let last = now.day.advanced(by: 1).start.advanced(byMilliseconds: 600_000)
        #expect(try admit(mail, at: last) == .store)
        #expect(try admit(mail, at: last.advanced(byMilliseconds: 1)) == .refuse(.handshakeTooOld))
    }

    @Test func knownIDGetsItsReceiptAgainAndNoOtherHeader() throws {
        let mail = SampleMail(from: anna, to: ben, seed: 1, lifetime: 60)
        let known = try mail.envelope(receivedAt: now)
        #expect(try admit(mail, known: known) == .receiptAgain(known))
        var other = mail
        other.wantsReceipt = true
        #expect(try admit(other, known: known) == .refuse(.idInUse))
        #expect(try admit(mail, known: known, at: known.expiresAt) == .refuse(.idExpiring))
    }

    @Test func limitsHoldToTheLastOctet() throws {
        let full = MailboxUsage(count: 2, octets: 0)
        #expect(try admit(SampleMail(from: anna, to: ben, seed: 1), usage: full) == .refuse(.quotaExceeded))
        let room = MailboxUsage(count: 1, octets: 900)
        #expect(try admit(SampleMail(from: anna, to: ben, seed: 1, length: 84), usage: room) == .store)
        #expect(
            try admit(SampleMail(from: anna, to: ben, seed: 1, length: 85), usage: room) == .refuse(.quotaExceeded))
        #expect(try admit(SampleMail(from: anna, to: ben, seed: 1, length: 484)) == .store)
        #expect(
            try admit(SampleMail(from: anna, to: ben, seed: 1, length: 485)) == .refuse(.tooLarge(limit: 500)))
        #expect(try admit(SampleMail(from: anna, to: ben, seed: 1, lifetime: 3600)) == .store)
        #expect(
            try admit(SampleMail(from: anna, to: ben, seed: 1, lifetime: 3601))
                == .refuse(.lifetimeTooLong(limit: 3600)))
    }

    func pending(_ count: UInt64, length: Int = 84) throws -> [PendingDeposit] {
        try (0..<count).map {
            PendingDeposit(
                offset: 10 + $0,
                envelope: try SampleMail(from: anna, to: ben, seed: $0, length: length, lifetime: 60)
                    .envelope(receivedAt: now))
        }
    }

    @Test func windowPushesInOrderAndNoMoreThanItHolds() throws {
        let waiting = try pending(6)
        var window = PushWindow(limit: PageLimit(count: 2, octets: 1000))
        let first = window.take(waiting, now: now)
        #expect(first.map(\.deposit.offset) == [10, 11] && first.map(\.after) == [nil, 10])
        #expect(window.take(waiting, now: now).isEmpty && !window.hasRoom)
        window.settle(waiting[0].envelope.key)
        #expect(window.take(waiting, now: now).map(\.deposit.offset) == [12])
        // An answer to the last shows that those before it were passed over.
        window.settle(waiting[2].envelope.key)
        #expect(window.inFlightCount == 0)
        #expect(window.take(waiting, now: now).map(\.after) == [12, 13])
    }

    @Test func windowTakesOneDepositOfAnySize() throws {
        var window = PushWindow(limit: PageLimit(count: 5, octets: 10))
        let waiting = try pending(3)
        #expect(window.take(waiting, now: now).count == 1)
        window.settle(waiting[0].envelope.key)
        #expect(window.take(waiting, now: now).map(\.deposit.offset) == [11])
    }

    @Test func windowPassesOverWhatHasExpired() throws {
        var window = PushWindow(limit: PageLimit(count: 5))
        #expect(try window.take(pending(3), now: now.advanced(byMilliseconds: 60_000)).isEmpty)
        #expect(window.cursor == 12)
    }

    @Test func frontMergesPushesOfTwoWorkers() {
        var cursor = StreamCursor()
        #expect(cursor.take(5, after: nil) == .send)
        #expect(cursor.take(5, after: nil) == .drop)
        #expect(cursor.take(9, after: 7) == .gap)
        #expect(cursor.take(7, after: 5) == .send)
        #expect(cursor.take(9, after: 5) == .send)
        #expect(cursor.take(7, after: nil) == .drop)
        #expect(cursor.take(11, after: nil) == .send)
        var fresh = StreamCursor()
        #expect(fresh.take(7, after: 5) == .gap && fresh.sent == nil)
    }

    @Test func expiryWaitsForItsGrace() throws {
        let known = try pending(1)[0].known
        let rule = ExpiryRule(graceMs: 1000)
        let due = known.expiresAt.advanced(byMilliseconds: 1000)
        #expect(rule.tombstone(for: known, now: due)?.reason == .expired)
        #expect(rule.tombstone(for: known, now: due.advanced(byMilliseconds: -1)) == nil)
    }

    @Test func quietPartitionWithTombstonesGetsOneTick() throws {
        let key = try pending(1)[0].envelope.key
        func record(_ record: EnvelopeRecord) -> [StoredRecord] {
            [StoredRecord(topic: .envelopes, offset: 0, time: now, record: record.record)]
        }
        func after(_ ms: Int64) -> UTCTime { now.advanced(byMilliseconds: ms) }
        var schedule = TickSchedule(lagMs: 1000, owningFrom: now)
        #expect(!schedule.isDue(now: after(999)) && schedule.isDue(now: after(1000)))
        schedule.note(record(.tick), now: after(1000))
        #expect(!schedule.isDue(now: after(99_999)))
        schedule.note(record(.tombstone(Tombstone(key: key, reason: .refused, at: now))), now: after(2000))
        #expect(!schedule.isDue(now: after(2999)) && schedule.isDue(now: after(3000)))
        schedule.note(record(.envelope(try pending(1)[0].envelope)), now: after(2500))
        #expect(!schedule.isDue(now: after(3000)) && schedule.isDue(now: after(3500)))
    }

    @Test func sealedSessionOpensInItsPlaceAlone() throws {
        let old = try SessionSeal.Key(id: 1, secret: SecretBytes([UInt8](repeating: 1, count: 32)))
        let new = try SessionSeal.Key(id: 2, secret: SecretBytes([UInt8](repeating: 2, count: 32)))
        let secret = SecretBytes(Array("state of a handshake".utf8))
        let key = SessionKey(kind: .handshake, csbID: [1, 2, 3, 4], initiator: anna)
        let sealed = try SessionSeal(current: old).seal(secret, for: key)
        #expect(Array(sealed.prefix(4)) == [0, 0, 0, 1] && sealed.count == 4 + 12 + secret.count + 16)
        #expect(try SessionSeal(current: old).seal(secret, for: key) != sealed)
        #expect(try SessionSeal(current: new, others: [old]).open(sealed, for: key) == secret)
        #expect(throws: SessionSeal.Fault.unknownKey(id: 1)) { try SessionSeal(current: new).open(sealed, for: key) }
        let elsewhere = SessionKey(kind: .handshake, csbID: [1, 2, 3, 5], initiator: anna)
        #expect(throws: SessionSeal.Fault.forged) { try SessionSeal(current: old).open(sealed, for: elsewhere) }
        for place in sealed.indices.dropFirst(4) {
            #expect(throws: SessionSeal.Fault.forged) {
                try SessionSeal(current: old).open(flipped(sealed, at: place), for: key)
            }
        }
        #expect(throws: SessionSeal.Fault.malformed) {
            try SessionSeal(current: old).open(Array(sealed.prefix(10)), for: key)
        }
        #expect(throws: FormatError.self) { try SessionSeal.Key(id: 1, secret: SecretBytes([1])) }
    }

    @Test func renewalIsSplitByPartitionAndSize() throws {
        let streams = try (0..<600).map { index in
            RouteRenewal.Stream(
                entity: try person("p\(index)"), stream: try StreamID(octets: [UInt8(index % 256), UInt8(index / 256)]),
                openedAt: now)
        }
        let renewal = RouteRenewal(front: "f:1", leaseMs: 30_000, open: streams)
        let parts = renewal.split(partitionCount: 2)
        #expect(Set(parts.flatMap(\.renewal.open)) == Set(streams))
        #expect(parts.reduce(0) { $0 + $1.renewal.open.count } == 600)
        for part in parts {
            #expect(part.renewal.open.count <= RouteRenewal.streamLimit)
            #expect(
                part.renewal.open.allSatisfy { Partitioner.partition(of: $0.entity, count: 2) == part.partition })
        }
    }

    @Test func contentRunKeepsOffsetsShort() throws {
        let offsets: [UInt64] = Array(10..<1600) + [2000, 2001] + [3000]
        let run = try ContentRun(partition: 1, offsets: offsets)
        #expect(run.ranges.count == 3 && run.recordCount == UInt64(offsets.count))
        for skipped in [0, 1, 1589, 1590, 1591, 1592, 1593, 5000] {
            for limit in [1, 3, 2000] {
                #expect(
                    run.offsets(skipping: skipped, limit: limit) == Array(offsets.dropFirst(skipped).prefix(limit)))
            }
        }
        #expect(throws: FormatError.self) { try ContentRun(partition: 1, offsets: [3, 3]) }
        #expect(throws: FormatError.self) { try ContentRun(partition: 1, offsets: []) }
    }

    @Test func layoutCountsChunksAndTags() {
        for (length, size, chunks, octets) in [
            (0, 65_536, 1, 16), (1, 256, 1, 17), (256, 256, 1, 272), (257, 256, 2, 289), (1000, 256, 4, 1064)
        ] as [(UInt64, UInt32, UInt64, UInt64)] {
            let layout = ContentLayout(length: length, chunkSize: size)
            #expect(layout.chunkCount == chunks && layout.ciphertextLength == octets)
        }
        #expect(ContentLayout(length: .max, chunkSize: 1).ciphertextLength == .max)
    }
}
