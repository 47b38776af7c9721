import FrontWorker
import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import RPC
import TestCluster
import Testing

@Suite(.serialized) struct DepositRefusalTests {
    /// Runs a test with a session of Alice's for Bob, and checks that what was refused has left no envelope behind.
    private func refusing(
        limits: FrontLimits = DepositTests.limits,
        _ body: (TestCluster, Person, EstablishedSession) async throws -> Void
    ) async throws {
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let alice = try cluster.person("alice")
            let session = try await alice.handshake(
                with: try cluster.person("bob").identity, over: cluster.fronts[0])
            try await body(cluster, alice, session)
            #expect(try await cluster.envelopeCount() == 0)
            // And the session is as good as before.
            let letter = try Letter([1], from: alice, under: session)
            #expect(letter.isConfirmed(by: try await cluster.fronts[0].leave(letter)))
        }
    }

    @Test func wrongTagIsRefusedBeforeAnything() async throws {
        try await refusing { cluster, alice, session in
            var letter = try Letter([1, 2, 3], from: alice, under: session)
            letter.opening.tag[31] ^= 1
            #expect(try await status { try await cluster.fronts[0].leave(letter) }?.code == .permissionDenied)
            // A header that is not the one under the tag.
            var other = try Letter([1, 2, 3], from: alice, under: session)
            other.opening.header = letter.opening.header
            #expect(try await status { try await cluster.fronts[0].leave(other) }?.code == .permissionDenied)
        }
    }

    @Test func openingWithoutItsESKIsRefusedBeforeAnything() async throws {
        try await refusing { cluster, alice, session in
            let good = try Letter([1, 2, 3], from: alice, under: session)
            let other = try await alice.handshake(with: session.called, over: cluster.fronts[0])
            let otherESK = try #require(other.secretKey).esk
            let longest = [UInt8](repeating: 1, count: 65_535)
            let cases: [([UInt8], RPCCode)] = [
                ([], .invalidArgument), (longest + [1], .invalidArgument), (longest, .permissionDenied),
                (otherESK, .permissionDenied), (good.opening.esk + [0], .permissionDenied),
                (Array(good.opening.esk.dropLast()), .permissionDenied), ([0], .permissionDenied),
                (HashFunction.sha256.hash(good.opening.esk), .permissionDenied),
            ]
            for (esk, code) in cases {
                var letter = good
                letter.opening.esk = esk
                // The opening is enough for the answer: no octet of the content is waited for.
                let refusal = try await status { try await cluster.fronts[0].deposit([letter.messages[0]]) }
                #expect(refusal?.code == code, "\(esk.count) octets")
                #expect(refusal?.message.contains("ESK") == true)
            }
        }
    }

    @Test func headerOfAnotherHandshakeIsRefused() async throws {
        let changes: [(String, @Sendable (inout DepositHeader.Fields) throws -> Void)] = [
            ("IDRi", { $0.sender = try Identity("sip:mallory@post.example") }),
            ("called IDRr", { $0.recipient = try Identity("sip:carol@post.example") }),
            ("called IDRr", { $0.recipient = try Identity("sip:bob@elsewhere.example") }),
            ("called IDRr", { $0.recipient = try Identity("sip:mailbox@post.example") }),
            ("T", { $0.timestamp += 1 }),
            ("ESK", { $0.encryptedKeyDigest[0] ^= 1 }),
        ]
        try await refusing { cluster, alice, session in
            for (field, change) in changes {
                let letter = try Letter([1], from: alice, under: session) { try? change(&$0) }
                let refusal = try await status { try await cluster.fronts[0].leave(letter) }
                #expect(refusal?.code == .permissionDenied, "\(field)")
                #expect(refusal?.message.contains(field) == true)
            }
        }
    }

    @Test func unknownSessionIsNotFound() async throws {
        try await refusing { cluster, alice, session in
            var letter = try Letter([1], from: alice, under: session)
            letter.opening.csbID[0] ^= 1
            #expect(try await status { try await cluster.fronts[0].leave(letter) }?.code == .notFound)
            letter = try Letter([1], from: alice, under: session)
            letter.opening.initiator = Array("sip:mallory@post.example".utf8)
            #expect(try await status { try await cluster.fronts[0].leave(letter) }?.code == .notFound)
            // Half a handshake is none.
            let first = try alice.begin(session.called)
            _ = try await cluster.fronts[0].exchange(first.iMessage1)
            letter.opening.csbID = (0..<4).map { UInt8(truncatingIfNeeded: first.csbID >> (24 - 8 * $0)) }
            letter.opening.initiator = alice.identity.octets
            #expect(try await status { try await cluster.fronts[0].leave(letter) }?.code == .notFound)
        }
    }

    @Test func fieldsThatCannotBeReadAreNamed() async throws {
        try await refusing { cluster, alice, session in
            let good = try Letter([1], from: alice, under: session)
            let spoiled: [(inout Letter) -> Void] = [
                { $0.opening.header.removeLast() }, { $0.opening.header = [] }, { $0.opening.header.append(0) },
                { $0.opening.csbID.append(0) }, { $0.opening.tag.removeLast() }, { $0.opening.initiator = [] },
                { $0.opening.initiator = [0x20, 0xff] }, { $0.closing.ciphertextSHA256 = [] },
                { $0.closing.senderProof = [1, 2, 3] }, { $0.closing.senderProof = [] },
            ]
            for (number, spoil) in spoiled.enumerated() {
                var letter = good
                spoil(&letter)
                let refusal = try await status { try await cluster.fronts[0].leave(letter) }
                #expect(refusal?.code == .invalidArgument, "\(number)")
                #expect(refusal?.message.isEmpty == false)
            }
        }
    }

    @Test(arguments: [0, 5000]) func chunksOfAnotherSizeOrNumberAreRefused(extra: Int) async throws {
        try await refusing { cluster, alice, session in
            let good = try Letter([UInt8](repeating: 9, count: 2500 + extra), from: alice, under: session) {
                $0.chunkSize = 1000
            }
            let spoiled: [(inout Letter) -> Void] = [
                { $0.chunks[0].removeLast() }, { $0.chunks[1].append(0) }, { $0.chunks[0] = [] },
                { $0.chunks[$0.chunks.count - 1].append(0) }, { $0.chunks.removeLast() }, { $0.chunks = [] },
                { $0.chunks.append($0.chunks[$0.chunks.count - 1]) }, { $0.chunks.append([]) },
                { $0.chunks.swapAt(0, $0.chunks.count - 1) },
            ]
            for (number, spoil) in spoiled.enumerated() {
                var letter = good
                spoil(&letter)
                let refusal = try await status { try await cluster.fronts[0].leave(letter) }
                #expect(refusal?.code == .invalidArgument, "\(number)")
            }
        }
    }

    @Test func messagesOutOfOrderAreRefused() async throws {
        try await refusing { cluster, alice, session in
            let letter = try Letter([UInt8](repeating: 9, count: 2500), from: alice, under: session) {
                $0.chunkSize = 1000
            }
            let messages = letter.messages
            let orders: [[DepositRequest]] = [
                [], [messages[1]], [messages[4]], [DepositRequest()], [messages[0], messages[0]],
                [messages[0], messages[1], messages[0]], [messages[0], DepositRequest()], [messages[0]],
                Array(messages.dropLast()),
            ]
            for (number, order) in orders.enumerated() {
                let refusal = try await status { try await cluster.fronts[0].deposit(order) }
                #expect(refusal?.code == .invalidArgument, "\(number)")
            }
        }
    }

    @Test(arguments: [100, 10_000]) func closingWithAnotherDigestIsRefused(size: Int) async throws {
        try await refusing { cluster, alice, session in
            var letter = try Letter([UInt8](repeating: 9, count: size), from: alice, under: session)
            letter.chunks[0][5] ^= 1
            let refusal = try await status { try await cluster.fronts[0].leave(letter) }
            #expect(refusal?.code == .invalidArgument)
            #expect(refusal?.message.contains("SHA-256") == true)
        }
    }

    @Test func brokenStreamLeavesNoEnvelope() async throws {
        try await refusing { cluster, alice, session in
            let letter = try Letter([UInt8](repeating: 9, count: 100_000), from: alice, under: session)
            for count in 1..<letter.messages.count {
                let call = try cluster.fronts[0].channel.open(Methods.deposit, waitsForReady: true)
                for message in letter.messages.prefix(count) { _ = try await call.send(message) }
                call.cancel()
                #expect(try await status { try await call.receive() }?.code == .cancelled)
            }
            // What was cut can be sent again, whole.
            #expect(try await cluster.envelopeCount() == 0)
        }
    }

    @Test func senderWhoFallsSilentIsNotWaitedForForEver() async throws {
        let limits = TestCluster.limits { $0.depositPatience = .milliseconds(200) }
        try await refusing(limits: limits) { cluster, alice, session in
            let letter = try Letter([1], from: alice, under: session)
            let call = try cluster.fronts[0].channel.open(Methods.deposit, deadline: .seconds(30), waitsForReady: true)
            _ = try await call.send(letter.messages[0])
            let refusal = try await status { try await call.receive() }
            #expect(refusal?.code == .deadlineExceeded)
            #expect(refusal?.message.contains("nothing came") == true)
        }
    }

    @Test func moreThanTheFrontTakesIsRefusedNotCut() async throws {
        let limits = TestCluster.limits {
            $0.deposits = DepositLimits(
                quota: Quota(count: 10, octets: 1 << 30), longestLifetime: 86_400, largestCiphertext: 5016)
        }
        try await refusing(limits: limits) { cluster, alice, session in
            let long = try Letter([1], from: alice, under: session) { $0.lifetime = 86_401 }
            #expect(try await status { try await cluster.fronts[0].leave(long) }?.code == .outOfRange)
            let large = try Letter([UInt8](repeating: 0, count: 5001), from: alice, under: session)
            #expect(try await status { try await cluster.fronts[0].leave(large) }?.code == .outOfRange)
            let vast = try Letter([], from: alice, under: session) {
                $0.length = 1 << 50
                $0.chunkSize = 1 << 20
            }
            #expect(try await status { try await cluster.fronts[0].leave(vast) }?.code == .outOfRange)
        }
    }

    @Test func handshakeOfYesterdayTakesNoMore() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            let early = try Letter([1], from: alice, under: session)
            let late = try Letter([2], from: alice, under: session, number: 1)
            // Ten minutes after midnight, less a minute for slow machines.
            cluster.clock.advance(seconds: 12 * 3600 + 540)
            #expect(early.isConfirmed(by: try await cluster.fronts[0].leave(early)))
            cluster.clock.advance(seconds: 61)
            let refusal = try await status { try await cluster.fronts[0].leave(late) }
            #expect(refusal.map { [.notFound, .permissionDenied].contains($0.code) } == true)
            #expect(try await cluster.envelopeCount() == 1)
        }
    }

    @Test func exchangeForFetchingTakesNoDeposit() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let session = try await alice.handshake(with: bob.identity, over: cluster.fronts[0])
            let mailbox = try #require(alice.identity.mailbox)
            let fetch = try await alice.handshake(with: mailbox, over: cluster.fronts[0])
            var letter = try Letter([1], from: alice, under: session)
            letter.opening.csbID = fetch.csbIDOctets
            letter.opening.tag = try DepositSession(
                tgk: fetch.tgk, csbID: fetch.csbIDOctets, messageDigest: fetch.iMessage2Digest
            ).openingTag(for: letter.header)
            #expect(try await status { try await cluster.fronts[0].leave(letter) }?.code == .notFound)
            #expect(try await cluster.envelopeCount() == 0)
        }
    }
}
