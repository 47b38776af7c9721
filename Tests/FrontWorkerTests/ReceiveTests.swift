import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import MIKEY
import Primitives
import RPC
import Synchronization
import TestCluster
import Testing

@Suite(.serialized) struct ReceiveTests {
    @Test func nobodyReceivesAsSomebodyElse() async throws {
        try await TestCluster.run { cluster in
            let (alice, bob, eve) = (
                try cluster.person("alice"), try cluster.person("bob"), try cluster.person("eve")
            )
            let front = cluster.fronts[0]
            let letter = try Letter(
                [1], from: alice, under: try await alice.handshake(with: bob.identity, over: front))
            try await front.leave(letter)
            let mailbox = try #require(bob.identity.mailbox)

            // In Bob's name, with a second message that she can make: that of an exchange of her own.
            var stream = try Inbox.open(front)
            let asBob = try bob.begin(mailbox)
            _ = try await Inbox.answer(to: asBob.iMessage1, stream)
            let own = try eve.begin(mailbox)
            let second = try MIKEY.MIKEYMessage(
                octets: eve.second(own, try await front.exchange(own.iMessage1)).iMessage2)
            var header = second.header
            header.csbID = asBob.csbID
            let rand = try MIKEY.MIKEYMessage(octets: asBob.iMessage1).rand
            let forged = MIKEY.MIKEYMessage(
                header,
                second.payloads.map {
                    switch $0 {
                    case .idr(let idr) where idr.role == .initiator: .idr(IDRPayload(.initiator, bob.identity))
                    case .rand: .rand(RandPayload(rand))
                    default: $0
                    }
                })
            let answer = try await Inbox.answer(to: forged.octets, stream)
            #expect(try errorNumber(answer) == ErrorNumber.authenticationFailure.rawValue)
            #expect(try await stream.receive() == nil)

            // An exchange that she completes, with Bob as the one called.
            stream = try Inbox.open(front)
            let toBob = try eve.begin(bob.identity)
            let last = try eve.second(toBob, try await Inbox.answer(to: toBob.iMessage1, stream))
            _ = try await Inbox.answer(to: last.iMessage2, stream)
            #expect(try await status { try await stream.receive() }?.code == .permissionDenied)

            // Her own mailbox is empty, and Bob's mail waits for him.
            let hers = try await Inbox(eve, at: front)
            #expect(try await hers.untilCaughtUp().isEmpty)
            await hers.close()
            let his = try await Inbox(bob, at: front)
            #expect(try await his.take(1).map(\.id) == [letter.id])
            await his.close()
        }
    }

    @Test func exchangeServesOneStreamOnly() async throws {
        try await TestCluster.run(fronts: 2, deliveryWorkers: 0) { cluster in
            let bob = try cluster.person("bob")
            let (front, other) = (cluster.fronts[0], cluster.fronts[1])
            let mailbox = try #require(bob.identity.mailbox)
            let stream = try Inbox.open(front)
            let first = try bob.begin(mailbox)
            let second = try bob.second(first, try await Inbox.answer(to: first.iMessage1, stream))
            _ = try second.receive(
                rMessage2: try await Inbox.answer(to: second.iMessage2, stream), keys: bob.ring())
            // All messages again, on another stream of another front, and the second alone.
            for message in [first.iMessage1, second.iMessage2] {
                let replay = try Inbox.open(other)
                #expect(
                    try await status { try await Inbox.answer(to: message, replay) }?.code == .failedPrecondition)
            }
            stream.cancel()
        }
    }

    @Test func exchangeMadeElsewhereOpensNoStream() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let bob = try cluster.person("bob")
            let front = cluster.fronts[0]
            let mailbox = try #require(bob.identity.mailbox)
            // The first message by a call of its own, the second on a stream: the first is due there.
            let first = try bob.begin(mailbox)
            let second = try bob.second(first, try await front.exchange(first.iMessage1))
            var stream = try Inbox.open(front)
            #expect(
                try await status { try await Inbox.answer(to: second.iMessage2, stream) }?.code == .invalidArgument)
            // The second message of another exchange.
            stream = try Inbox.open(front)
            let (one, another) = (try bob.begin(mailbox), try bob.begin(mailbox))
            _ = try await Inbox.answer(to: one.iMessage1, stream)
            let foreign = try bob.second(another, try await front.exchange(another.iMessage1))
            #expect(
                try await status { try await Inbox.answer(to: foreign.iMessage2, stream) }?.code
                    == .failedPrecondition)
            // Answered by a call, then repeated on the stream of its first message.
            stream = try Inbox.open(front)
            let mixed = try bob.begin(mailbox)
            let last = try bob.second(mixed, try await Inbox.answer(to: mixed.iMessage1, stream))
            _ = try await front.exchange(last.iMessage2)
            #expect(
                try await status { try await Inbox.answer(to: last.iMessage2, stream) }?.code == .failedPrecondition)
        }
    }

    @Test func streamBeginsWithTheExchange() async throws {
        let limits = TestCluster.limits { $0.exchangePatience = .milliseconds(300) }
        try await TestCluster.run(deliveryWorkers: 0, limits: limits) { cluster in
            let bob = try cluster.person("bob")
            let front = cluster.fronts[0]
            let early = MailboxAPI.Acknowledgement(
                sequence: 0, id: [UInt8](repeating: 1, count: 16), refused: false, mac: [UInt8](repeating: 1, count: 32))
            for request in [ReceiveRequest(.acknowledgement(early)), ReceiveRequest(), ReceiveRequest(.mikey([1, 2]))] {
                let stream = try Inbox.open(front)
                _ = try await stream.send(request)
                #expect(try await status { try await stream.receive() }?.code == .invalidArgument)
            }
            let ended = try Inbox.open(front)
            await ended.finish()
            #expect(try await status { try await ended.receive() }?.code == .invalidArgument)
            let silent = try Inbox.open(front)
            _ = try await Inbox.answer(to: bob.begin(try #require(bob.identity.mailbox)).iMessage1, silent)
            let refusal = try await status { try await silent.receive() }
            #expect(refusal?.code == .deadlineExceeded)
            #expect(refusal?.message.contains("nothing came") == true)
        }
    }

    @Test func staleExchangeGetsItsErrorAndTheStreamEnds() async throws {
        try await TestCluster.run(deliveryWorkers: 0) { cluster in
            let bob = try cluster.person("bob")
            let mailbox = try #require(bob.identity.mailbox)
            let first = try bob.begin(mailbox)
            cluster.clock.advance(seconds: 700)
            let stream = try Inbox.open(cluster.fronts[0])
            let answer = try await Inbox.answer(to: first.iMessage1, stream)
            #expect(try errorNumber(answer) == ErrorNumber.invalidTimestamp.rawValue)
            #expect(try await stream.receive() == nil)
        }
    }

    @Test func wrongAnswersEndTheStreamAndSettleNothing() async throws {
        let answers: [(RPCCode, @Sendable (inout Mailbox.Acknowledgement) -> Void)] = [
            (.permissionDenied, { $0.mac[0] ^= 1 }), (.permissionDenied, { $0.isRefusal = true }),
            (.permissionDenied, { $0.sequence = 1 }), (.permissionDenied, { $0.mac = [] }),
        ]
        try await TestCluster.run { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letter = try Letter([1], from: alice, under: session)
            try await front.leave(letter)
            for (code, spoil) in answers {
                let inbox = try await Inbox(bob, at: front)
                let mail = try await inbox.nextMail()
                var answer = await inbox.acknowledgement(of: mail.sequence, mail.id)
                spoil(&answer)
                try await inbox.answer(answer)
                #expect(try await status { while try await inbox.next() != nil {} }?.code == code)
            }
            // With a right MAC, of what was never sent, and of another deposit.
            for (sequence, octet) in [(UInt64(9), letter.id.octets[0]), (0, letter.id.octets[0] ^ 1)] {
                let inbox = try await Inbox(bob, at: front)
                _ = try await inbox.nextMail()
                let id = try DepositID(octets: [octet] + letter.id.octets.dropFirst())
                try await inbox.answer(await inbox.acknowledgement(of: sequence, id))
                #expect(try await status { while try await inbox.next() != nil {} }?.code == .permissionDenied)
            }
            let inbox = try await Inbox(bob, at: front)
            #expect(try await inbox.take(1).map(\.id) == [letter.id])
            // What follows the exchange is answers.
            try await inbox.send(ReceiveRequest(.mikey([1])))
            #expect(try await status { while try await inbox.next() != nil {} }?.code == .invalidArgument)
        }
    }

    @Test func secondAnswerToADeliveryEndsTheStreamAfterTheFirstHasSettled() async throws {
        try await TestCluster.run { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let front = cluster.fronts[0]
            let session = try await alice.handshake(with: bob.identity, over: front)
            try await front.leave(try Letter([1], from: alice, under: session))
            let inbox = try await Inbox(bob, at: front)
            let mail = try await inbox.nextMail()
            try await inbox.acknowledge(mail)
            try await inbox.refuse(mail)
            var settled: [UInt64] = []
            let end = try await status {
                while let event = try await inbox.next() {
                    if case .settled(let sequence) = event { settled.append(sequence) }
                }
            }
            #expect(settled == [0])
            #expect(end?.code == .permissionDenied)
        }
    }

    @Test func answersThatComeWhileTheLogIsWritingGoIntoItTogether() async throws {
        try await TestCluster.run(fronts: 0) { cluster in
            let (alice, bob) = (try cluster.person("alice"), try cluster.person("bob"))
            let appends = Mutex<Int?>(nil)
            let front = try await cluster.startFront(
                log: HookedLog(cluster.store.mailLog) { call throws(StoreError) in
                    guard case .append(.envelopes) = call else { return }
                    let isSlow = appends.withLock { count in
                        count = count.map { $0 + 1 }
                        return count != nil
                    }
                    if isSlow { try? await Task.sleep(for: .milliseconds(500)) }
                })
            let session = try await alice.handshake(with: bob.identity, over: front)
            let letters = try alice.letters(16, under: session)
            for letter in letters { try await front.leave(letter) }
            let inbox = try await Inbox(bob, at: front)
            var mails: [Inbox.Mail] = []
            for _ in letters { mails.append(try await inbox.nextMail()) }
            appends.withLock { $0 = 0 }
            for mail in mails { try await inbox.acknowledge(mail) }
            // He hangs up before the log has them: they count all the same.
            await inbox.close()
            for letter in letters { try await cluster.waitUntilGone(letter.key) }
            #expect(try #require(appends.withLock { $0 }) <= 4)
        }
    }
}
