import IdentityBasedEncryption
import Mailbox
import Primitives
import StoreBehaviour
import TestVectors
import Testing

/// No octets make a decoder crash: they are refused, or they are a value that encodes to the same octets again.
struct DecoderFuzzTests {
    static let rounds = 3000

    func fuzz(_ samples: [[UInt8]], _ recode: ([UInt8]) throws -> [UInt8]) {
        var generator = SeededGenerator(seed: 11)
        for sample in samples {
            #expect((try? recode(sample)) == sample)
            for _ in 0..<Self.rounds {
                let octets = mutated(sample, using: &generator)
                if let again = try? recode(octets) { #expect(again == octets) }
            }
            for end in 0..<min(sample.count, 2000) {
                #expect(throws: FormatError.self) { _ = try recode(Array(sample[..<end])) }
            }
            #expect(throws: FormatError.self) { _ = try recode(sample + [0]) }
        }
    }

    @Test func depositHeader() throws {
        let vector = try DeferredVector("deferred-1024.json")
        fuzz(try vector.deposits.map { try $0["header"].octets }) { try DepositHeader(octets: $0).octets }
    }

    @Test func receiptHeader() throws {
        let vector = try DeferredVector("deferred-1024.json")
        fuzz(try vector.receipts.map { try $0["header"].octets }) { try ReceiptHeader(octets: $0).octets }
    }

    @Test func envelope() throws {
        let mail = SampleMail(from: try person("anna"), to: try person("ben"), seed: 1)
        let run = try ContentRun(partition: 3, offsets: [4, 5, 6, 9, 10, 70_000])
        let receipt = ReceiptHeader(
            deposit: try mail.id, recipient: mail.recipient, acknowledgedAt: UTCTime(milliseconds: 5))
        let envelopes = [
            try mail.envelope(receivedAt: UTCTime(milliseconds: 1_796_117_402_375)),
            try mail.envelope(receivedAt: UTCTime(milliseconds: 1_796_117_402_375), run: run),
            try Envelope(receipt: receipt, to: mail.sender, receivedAt: UTCTime(milliseconds: 6)),
        ]
        for envelope in envelopes { #expect(try Envelope(octets: envelope.octets) == envelope) }
        fuzz(envelopes.map(\.octets)) { try Envelope(octets: $0).octets }
    }

    @Test func viewPosition() throws {
        let position = ViewPosition(
            log: "log-1", next: LogPosition(envelopes: 7, presence: .max), asOf: UTCTime(milliseconds: 9))
        fuzz([position.octets]) { try ViewPosition(octets: $0).octets }
    }

    /// JSON has many texts for one value: what was read must be read from its own text again.
    func fuzzJSON(_ samples: [[UInt8]], _ read: ([UInt8]) throws -> PresenceRecord) throws {
        var generator = SeededGenerator(seed: 12)
        for sample in samples {
            _ = try read(sample)
            for _ in 0..<Self.rounds {
                guard let value = try? read(mutated(sample, using: &generator)) else { continue }
                #expect(try read(value.record.value ?? []) == value)
            }
            for end in 0..<sample.count {
                #expect(throws: FormatError.self) { _ = try read(Array(sample[..<end])) }
            }
        }
    }

    @Test func presenceEvent() throws {
        let texts = [
            #"{"entity":"sip:bob@a.example","basic":"open","contact":"a:5","timestamp":"2026-12-01T10:30:02.25Z"}"#,
            #"{ "basic" : "closed", "note": [1, -2.5e3, null, {"x": "\ud83d\ude00\u0041\n"}], "entity": "sip:eve@a" }"#,
        ]
        try fuzzJSON(texts.map { Array($0.utf8) }) { try PresenceRecord(LogRecord(key: nil, value: $0)) }
    }

    @Test func routeRenewal() throws {
        let stream = try StreamID(octets: [1, 2, 3])
        let renewal = RouteRenewal(
            front: "10.0.0.5:7443", leaseMs: 30_000,
            open: [RouteRenewal.Stream(entity: try person("ben"), stream: stream, openedAt: UTCTime(milliseconds: 7))],
            closed: [RouteRenewal.Closed(entity: try person("eve"), stream: stream)])
        #expect(try PresenceRecord(PresenceRecord.routes(renewal).record) == .routes(renewal))
        try fuzzJSON([renewal.json]) { try PresenceRecord(LogRecord(key: nil, value: $0)) }
    }

    @Test func recordsOfTheEnvelopesTopic() throws {
        var generator = SeededGenerator(seed: 13)
        let mail = SampleMail(from: try person("anna"), to: try person("ben"), seed: 2)
        let tombstone = Tombstone(key: try mail.key, reason: .refused, at: UTCTime(milliseconds: 12))
        let records: [EnvelopeRecord] = [
            .envelope(try mail.envelope(receivedAt: UTCTime(milliseconds: 1))), .tombstone(tombstone), .tick,
            .logName(Array(1...16)),
        ]
        for record in records {
            #expect(try EnvelopeRecord(record.record) == record)
            for _ in 0..<Self.rounds {
                var raw = record.record
                raw.key = raw.key.map { mutated($0, using: &generator) }
                if let header = raw.headers.indices.randomElement(using: &generator) {
                    raw.headers[header].value = mutated(raw.headers[header].value, using: &generator)
                }
                guard let read = try? EnvelopeRecord(raw) else { continue }
                #expect(read.record == raw)
            }
        }
    }

    @Test func deadLetter() throws {
        let record = LogRecord(key: [1], value: [2, 3], headers: [LogRecord.Header(name: "x", value: [4])])
        let stored = StoredRecord(topic: .presence, offset: 9, time: UTCTime(milliseconds: 5), record: record)
        let letter = DeadLetter(stored, partition: 4, fault: "why")
        #expect(try DeadLetter(letter.record) == letter)
        #expect(throws: FormatError.self) { _ = try DeadLetter(record) }
        var generator = SeededGenerator(seed: 11)
        let large = StoredRecord(
            topic: .envelopes, offset: 1, time: UTCTime(milliseconds: 1),
            record: LogRecord(key: [1], value: [UInt8](repeating: 0, count: DeadLetter.wholeLimit)))
        for letter in [
            letter, DeadLetter(large, partition: 1, fault: "large"),
            DeadLetter(large, partition: 1, fault: "").shortened,
        ] {
            #expect(try DeadLetter(letter.record) == letter)
            #expect(letter.record.size <= DeadLetter.wholeLimit + 2048)
            for _ in 0..<Self.rounds {
                var raw = letter.record
                guard let header = raw.headers.indices.randomElement(using: &generator) else { continue }
                raw.headers[header].value = mutated(raw.headers[header].value, using: &generator)
                guard let read = try? DeadLetter(raw) else { continue }
                #expect(try DeadLetter(read.record) == read)
            }
        }
    }

    @Test func replayMark() throws {
        var generator = SeededGenerator(seed: 12)
        for mark in [
            ReplayMark(letter: 7, claim: "00ff", at: UTCTime(milliseconds: 5)),
            ReplayMark(letter: 7, claim: "", at: UTCTime(milliseconds: 5), appendedAt: 9),
        ] {
            #expect(ReplayMark(mark.record) == mark)
            for _ in 0..<Self.rounds {
                var raw = mark.record
                guard let header = raw.headers.indices.randomElement(using: &generator) else { continue }
                raw.headers[header].value = mutated(raw.headers[header].value, using: &generator)
                guard let read = ReplayMark(raw) else { continue }
                #expect(ReplayMark(read.record) == read)
            }
        }
        #expect(ReplayMark(LogRecord(key: nil, value: nil)) == nil)
    }
}
