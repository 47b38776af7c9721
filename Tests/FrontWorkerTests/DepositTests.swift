import FrontWorker
import Mailbox
import MailboxAPI
import Primitives
import RPC
import TestCluster
import Testing

@Suite(.serialized) struct DepositTests {
    /// 4096 octets of ciphertext ride in an envelope; runs have about 64 KiB.
    static let limits = TestCluster.limits {
        $0.inlineOctets = 4096
        $0.runOctets = 64 << 10
    }

    @Test(arguments: [0, 1, 4080, 4081, 65_536, 65_537, 3_500_000])
    func contentOfAnySizeComesThrough(size: Int) async throws {
        try await TestCluster.run(fronts: 2, limits: Self.limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let letter = try Letter(content, from: alice, under: session)
            #expect(letter.isConfirmed(by: try await cluster.fronts[1].leave(letter)))
            let envelope = try await cluster.envelope(of: letter)
            if case .inline = envelope.place { #expect(size <= 4080) } else { #expect(size > 4080) }
            let inbox = try await Inbox(bob, at: cluster.fronts[0])
            let mail = try await inbox.take(1)[0]
            #expect(try mail.content.get() == content)
            #expect(mail.sender == "sip:alice@post.example")
            #expect(mail.header == letter.header)
            await inbox.close()
        }
    }

    @Test func smallestChunksMakeManyRecords() async throws {
        try await TestCluster.run(limits: Self.limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            let content = (0..<3000).map { UInt8(truncatingIfNeeded: $0) }
            let letter = try Letter(content, from: alice, under: session) { $0.chunkSize = 1 }
            #expect(letter.chunks.count == 3000)
            #expect(letter.isConfirmed(by: try await cluster.fronts[0].leave(letter)))
            let inbox = try await Inbox(bob, at: cluster.fronts[0])
            #expect(try await inbox.take(1)[0].content.get() == content)
            await inbox.close()
        }
    }

    @Test func severalDepositsOfOneHandshakeKeepTheirOrder() async throws {
        try await TestCluster.run(fronts: 2, limits: Self.limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            for number in 0..<12 {
                let content = [UInt8](repeating: UInt8(number), count: number % 3 * 5000)
                let letter = try Letter(content, from: alice, under: session, number: UInt32(number))
                try await cluster.fronts[number % 2].leave(letter)
            }
            let inbox = try await Inbox(bob, at: cluster.fronts[1])
            let mails = try await inbox.take(12)
            #expect(mails.map(\.header.fields.number) == Array(0..<12))
            #expect(mails.allSatisfy { (try? $0.content.get()) != nil })
            await inbox.close()
        }
    }

    @Test func sameDepositAgainGetsItsReceiptAgainAndIsDeliveredOnce() async throws {
        try await TestCluster.run(fronts: 2, limits: Self.limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            let letter = try Letter([UInt8](repeating: 1, count: 10_000), from: alice, under: session)
            let receipt = try await cluster.fronts[0].leave(letter)
            _ = try await cluster.envelope(of: letter)
            #expect(try await cluster.fronts[1].leave(letter) == receipt)
            // The opening is enough: the front does not wait for octets that it has.
            let early = try await cluster.fronts[0].deposit([letter.messages[0]])
            #expect(early == receipt)
            #expect(letter.isConfirmed(by: receipt))
            let inbox = try await Inbox(bob, at: cluster.fronts[0])
            #expect(try await inbox.untilCaughtUp().map(\.id) == [letter.id])
            await inbox.close()
        }
    }

    @Test func sameDepositTwiceAtOnceIsDeliveredOnce() async throws {
        try await TestCluster.run(fronts: 2, limits: Self.limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            let letter = try Letter([UInt8](repeating: 1, count: 10_000), from: alice, under: session)
            let fronts = cluster.fronts
            async let one = fronts[0].leave(letter)
            async let other = fronts[1].leave(letter)
            let receipts = try await [one, other]
            #expect(receipts.allSatisfy { letter.isConfirmed(by: $0) })
            let last = try Letter(Array("last".utf8), from: alice, under: session, number: 1)
            try await fronts[0].leave(last)
            let inbox = try await Inbox(bob, at: fronts[0])
            #expect(try await inbox.take(2).map(\.id) == [letter.id, last.id])
            await inbox.close()
        }
    }

    @Test func chunksInAnotherOrderAreRefusedByTheRecipient() async throws {
        try await TestCluster.run(limits: Self.limits) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            var letter = try Letter([UInt8](repeating: 5, count: 3000), from: alice, under: session) {
                $0.chunkSize = 1000
            }
            // The front sees only that sizes and digest fit.
            letter.chunks.swapAt(0, 1)
            letter.closing.ciphertextSHA256 = HashFunction.sha256.hash(Array(letter.chunks.joined()))
            try await cluster.fronts[0].leave(letter)
            let inbox = try await Inbox(bob, at: cluster.fronts[0])
            let mail = try await inbox.nextMail()
            #expect(throws: Refusal.self) { try mail.content.get() }
            await inbox.close()
        }
    }
}

extension TestCluster {
    /// The envelope of a letter, once the view has it.
    func envelope(of letter: Letter) async throws -> Envelope { try await waitFor(letter.key).envelope }

    /// How many envelopes the log has.
    func envelopeCount() async throws -> Int {
        try await records().count { $0.topic == .envelopes && $0.record.value != nil }
    }
}
