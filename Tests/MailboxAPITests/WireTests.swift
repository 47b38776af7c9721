import MailboxAPI
import ProtobufSamples
import Testing
import TestVectors

/// The encoding of messages, by itself.
@Suite struct WireTests {
    @Test(arguments: Sample.all) func everyMessageComesBack(_ sample: Sample) throws {
        #expect(try sample.isEqual(sample.octets))
        #expect(try sample.reencode(sample.octets) == sample.octets)
    }

    @Test func defaultsTakeNoOctets() throws {
        #expect(Acknowledgement().encoded == [])
        #expect(Delivery().encoded == [])
        #expect(DepositRequest().encoded == [])
        #expect(try Acknowledgement(decoding: []) == Acknowledgement())
    }

    @Test func whatAOneofHoldsIsThereAlsoWhenItIsEmpty() throws {
        #expect(ReceiveRequest(.mikey([])).encoded == [0x0a, 0])
        #expect(try ReceiveRequest(decoding: [0x0a, 0]).part == .mikey([]))
        #expect(try ReceiveResponse(decoding: [0x2a, 0]).part == .caughtUp(CaughtUp()))
    }

    @Test func unknownFieldsOfEveryKindAreSkipped() throws {
        let known: [UInt8] = [0x0a, 1, 77]
        let unknown: [[UInt8]] = [
            [0x78, 0xff, 0x01],  // varint, field 15
            [0x79, 1, 2, 3, 4, 5, 6, 7, 8],  // fixed64
            [0x7a, 2, 9, 9],  // octets
            [0x7d, 1, 2, 3, 4],  // fixed32
            [0x7b, 0x08, 1, 0x7b, 0x7c, 0x7c],  // a group with a field and a group inside
        ]
        for octets in unknown {
            #expect(try MIKEYMessage(decoding: octets + known).octets == [77])
            #expect(try MIKEYMessage(decoding: known + octets).octets == [77])
        }
    }

    @Test func theLastOccurrenceCountsAndEmbeddedMessagesMerge() throws {
        #expect(try Acknowledgement(decoding: [0x08, 1, 0x08, 2]).sequence == 2)
        // delivery { sequence: 1 } delivery { header: "A" }
        let twice = try ReceiveResponse(decoding: [0x12, 2, 0x08, 1, 0x12, 3, 0x12, 1, 65])
        var delivery = Delivery()
        delivery.sequence = 1
        delivery.header = [65]
        #expect(twice.part == .delivery(delivery))
        // Another member of the oneof in between starts anew.
        let between = try ReceiveResponse(decoding: [0x12, 2, 0x08, 1, 0x0a, 0, 0x12, 3, 0x12, 1, 65])
        delivery.sequence = 0
        #expect(between.part == .delivery(delivery))
    }

    @Test func faultsHaveNames() {
        let faults: [([UInt8], ProtobufError)] = [
            ([0x08], .truncated), ([0x08, 0x80], .truncated), ([0x12, 2, 0], .truncated),
            ([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], .truncated),
            ([0x09, 1, 2, 3], .truncated), ([0x0d, 1], .truncated), ([0x7b, 0x08, 1], .truncated),
            ([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], .varintTooLong),
            ([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], .varintTooLong),
            ([0x00, 1], .invalidTag), ([0x0e], .invalidTag), ([0x0f], .invalidTag),
            ([0x80, 0x80, 0x80, 0x80, 0x10], .invalidTag),
            ([0x0a, 1, 1], .wrongWireType(field: 1)), ([0x10, 1], .wrongWireType(field: 2)),
            ([0x0d, 1, 2, 3, 4], .wrongWireType(field: 1)),
            ([0x0c], .invalidGroup), ([0x7b, 0x74], .invalidGroup),
            ([UInt8](repeating: 0x7b, count: 33) + [UInt8](repeating: 0x7c, count: 33), .invalidGroup),
            (
                [UInt8](repeating: 0x78, count: 2 * 65_537).enumerated().map { $0.offset % 2 == 0 ? 0x78 : 1 },
                .tooManyFields
            ),
        ]
        for (octets, error) in faults {
            #expect(throws: error, "\(octets.prefix(12))") { try Acknowledgement(decoding: octets) }
        }
        #expect(throws: ProtobufError.notUTF8(field: 1)) { try HealthCheckRequest(decoding: [0x0a, 2, 0xc3, 0x28]) }
        #expect(throws: ProtobufError.notUTF8(field: 1)) { try PublishPresenceRequest(decoding: [0x0a, 1, 0xff]) }
    }

    /// Seeded, so that a failure comes again: no crash, and what is accepted means the same when written again.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func mutatedMessagesFailOrComeBack(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<200 {
            for sample in Sample.all {
                let octets = random.mutate(sample.octets)
                guard let once = try? sample.reencode(octets) else { continue }
                accepted += 1
                #expect(try sample.reencode(once) == once, "\(sample.name) \(octets)")
            }
        }
        #expect(accepted > 0)
    }

    @Test func everyTruncationFailsOrComesBack() throws {
        for sample in Sample.all {
            for count in 0..<sample.octets.count {
                guard let once = try? sample.reencode(Array(sample.octets.prefix(count))) else { continue }
                #expect(once != sample.octets)
                #expect(try sample.reencode(once) == once)
            }
        }
    }
}

extension SeededGenerator {
    /// One to four octets changed, inserted, removed, or the end cut off.
    mutating func mutate(_ octets: [UInt8]) -> [UInt8] {
        var octets = octets
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            let place = Int.random(in: 0...octets.count, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0 where place < octets.count: octets[place] = UInt8.random(in: 0...255, using: &self)
            case 1 where place < octets.count: octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2 where place < octets.count: octets.remove(at: place)
            case 3: octets.insert(UInt8.random(in: 0...255, using: &self), at: place)
            default: octets.removeSubrange(place...)
            }
        }
        return octets
    }
}
