import MIKEY
import Primitives
import TestVectors
import Testing

/// Every message of the vectors.
func vectorMessages() throws -> [[UInt8]] {
    var messages: [[UInt8]] = []
    for level in ["1024", "3072"] {
        let file = try Vector(file: "deferred-\(level).json")
        for exchange in ["exchange", "fetch", "receipt_fetch"] {
            messages += try file[exchange]["messages"].list.map { try $0["octets"].octets }
        }
    }
    let kms = try Vector(file: "kms-psk-1024.json")
    return try messages + [kms["request"]["octets"].octets, kms["response"]["octets"].octets]
}

@Suite struct MessageRoundTripTests {
    @Test func readingAndWritingGivesTheSameOctets() throws {
        for octets in try vectorMessages() {
            #expect(try MIKEYMessage(octets: octets).octets == octets)
        }
    }

    @Test func everyVectorHasThePayloadsOfItsFigure() throws {
        for octets in try vectorMessages() {
            let message = try MIKEYMessage(octets: octets)
            let type = try #require(DataType(rawValue: message.header.dataType))
            try message.requirePayloads(of: type)
            #expect(throws: MIKEYError.dataType(type.rawValue)) { try message.requirePayloads(of: .error) }
        }
    }

    @Test func fieldsOfADeferredDeliveryAreRead() throws {
        let file = try Vector(file: "deferred-1024.json")["exchange"]
        let second = try file["messages"].list[2]
        let message = try MIKEYMessage(octets: second["octets"].octets)
        #expect(message.header.dataType == DataType.iMessage2.rawValue)
        #expect(message.header.expectsAnswer)
        #expect(message.header.prf == 1)
        #expect(message.header.map == .empty)
        #expect(message.header.csbID == 0xc82f_888a)
        #expect(try message.timestamp.octets == second["T"].octets)
        #expect(try message.timestamp.time == second["clock"].time)
        #expect(try message.rand == file["rand"].octets)
        #expect(try message.identity(.initiator).description == file["initiator"].text)
        #expect(try message.identity(.responder).description == file["responder"].text)
        #expect(try message.ibake == second["encrypted"].list[0]["encr_data"].octets)
        #expect(try message.esk == second["encrypted"].list[1]["encr_data"].octets)
        #expect(message.verification == nil)
    }

    /// Whatever is wrong with a message, reading ends with an error or with a message that writes the same octets.
    @Test func mutatedMessagesAreRefusedOrReadWhole() throws {
        var generator = SeededGenerator(seed: 3830)
        let messages = try vectorMessages()
        var refused = 0
        var read = 0
        for round in 0..<60_000 {
            let octets = mutated(messages[round % messages.count], using: &generator)
            do {
                let message = try MIKEYMessage(octets: octets)
                #expect(message.octets == octets)
                for type in DataType.allCases { try? message.requirePayloads(of: type) }
                _ = MIKEYMessage.description(of: octets)
                read += 1
            } catch {
                #expect(error.answer == nil)
                #expect(MIKEYMessage.error(.unspecified, answering: octets, now: UTCTime(milliseconds: 0)) == nil)
                refused += 1
            }
        }
        #expect(refused > 1000)
        #expect(read > 1000)
    }

    @Test func everyTruncationIsNamed() throws {
        for octets in try vectorMessages().prefix(4) {
            for count in 0..<octets.count {
                do {
                    _ = try MIKEYMessage(octets: Array(octets.prefix(count)))
                    Issue.record("read \(count) of \(octets.count) octets")
                } catch {
                    guard case .truncated = error else {
                        Issue.record("\(count) octets: \(error)")
                        continue
                    }
                }
            }
            #expect(throws: MIKEYError.trailing(offset: octets.count, count: 1)) {
                try MIKEYMessage(octets: octets + [0])
            }
        }
    }
}
