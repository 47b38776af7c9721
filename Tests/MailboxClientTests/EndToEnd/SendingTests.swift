import Foundation
import IdentityBasedEncryption
import MailboxClient
import RPC
import Testing

@Suite(.timeLimit(.minutes(2))) struct SendingTests {
    @Test(
        arguments: [
            [.loseAnswer], [.loseAnswer, .loseAnswer], [.cut(after: 0)], [.cut(after: 2), .loseAnswer, .cut(after: 1)],
            [.refuse(RPCStatus(.unavailable, "down"))],
        ] as [[Relay.DepositFault]]) func whateverBreaksThereIsOneDeposit(faults: [Relay.DepositFault]) async throws
    {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            cluster.relay.breakDeposits(faults)
            let sent = try await alice.send([UInt8](repeating: 9, count: 200_000), to: bob)
            #expect(sent.attempts == faults.count + 1)
            let heard = try await bob.receive()
            #expect(heard.deposits.map(\.id) == [sent.id])
            #expect(heard.deposits.first?.sha256 == sent.sha256)
        }
    }

    @Test func aLostSessionIsReplacedWhereNothingWasStored() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            cluster.relay.breakDeposits([.refuse(RPCStatus(.notFound, "no session"))])
            let sent = try await alice.send([1], to: bob)
            #expect(try await bob.receive().deposits.map(\.id) == [sent.id])
        }
    }

    @Test func whatMayHaveBeenStoredIsNotSentUnderAnotherID() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            cluster.relay.breakDeposits([.loseAnswer, .refuse(RPCStatus(.notFound, "no session"))])
            let error = await failure { try await alice.send([1], to: bob) }
            let there = try await bob.receive().deposits.map(\.id)
            #expect(there.count == 1)
            #expect(error == .outcomeUnknown(depositID: there[0]))
        }
    }

    @Test func aBusyMailboxIsAskedAgainWhenItSaysSo() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            let busy = RPCStatus(.resourceExhausted, "busy", retryAfterMs: 700)
            cluster.relay.breakDeposits([.refuse(busy)])
            let start = ContinuousClock.now
            let sent = try await alice.send([1], to: bob)
            #expect(ContinuousClock.now - start >= .milliseconds(700))
            #expect(sent.attempts == 2)

            cluster.relay.breakDeposits([.refuse(RPCStatus(.resourceExhausted, "full", retryAfterMs: 60_000))])
            let error = await failure { try await alice.send([1], to: bob) }
            #expect(error == .busy(service: "mailbox", reason: "full", retryAfterMs: 60_000))
        }
    }

    @Test func aVerdictIsNotArguedWith() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            var options = DepositOptions()
            options.lifetimeSeconds = .max
            let start = ContinuousClock.now
            let error = await failure {
                try await alice.client.send(ContentSource([1]), from: alice.identity, to: bob.identity, options)
            }
            #expect(error?.kind == .data)
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func aForgedReceiptIsNotBelieved() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            cluster.relay.breakDeposits([.forgeReceipt])
            let error = await failure { try await alice.send([1], to: bob) }
            #expect(error?.kind == .untrusted)
        }
    }

    @Test func aFileThatChangesBetweenAttemptsIsGivenUp() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            let folder = TemporaryFolder()
            let path = "\(folder.path)/file"
            try Data(repeating: 1, count: 200_000).write(to: URL(fileURLWithPath: path))
            // In place, as an editor or a recorder writes: the client has the file open.
            cluster.relay.breakDeposits([
                .cut(after: 2) {
                    guard let handle = FileHandle(forUpdatingAtPath: path) else { return }
                    handle.write(Data([2]))
                    try? handle.close()
                }
            ])
            let content = try ContentSource(file: path)
            let error = await failure {
                try await alice.client.send(content, from: alice.identity, to: bob.identity)
            }
            #expect(error == .contentChanged(path: path))
            #expect(try await bob.receive().deposits.isEmpty)
        }
    }

    @Test func namesThatDoNotFitAreNamed() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let elsewhere = try Identity("sip:bob@elsewhere.example")
            let unknown = await failure {
                try await alice.client.send(ContentSource([1]), from: alice.identity, to: elsewhere)
            }
            #expect(unknown?.kind == .unknownName)
            let foreign = await failure {
                try await alice.client.send(ContentSource([1]), from: elsewhere, to: alice.identity)
            }
            #expect(foreign == .notOwn(identity: "\(elsewhere)", path: alice.client.profile.folder))
            let without = await failure {
                try await alice.client.send(ContentSource([1]), from: alice.identity, to: Identity("tel:+15551234"))
            }
            #expect(without == .noMailbox(identity: "tel:+15551234"))
        }
    }

    @Test func whoIsEnrolledIsNotEnrolledAgain() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            await #expect(throws: MailboxClientError.profileExists(path: alice.client.profile.folder)) {
                try await cluster.enroll("sip:alice@example.com")
            }
        }
    }

    @Test func aServiceThatIsNotThereIsNamedWithinTheBudget() async throws {
        let folder = TemporaryFolder()
        let start = ContinuousClock.now
        let error = await failure {
            try await MailboxClient.enroll(
                MailboxClient.Enrolment(
                    identities: [Identity("sip:a@example.com")], endpoints: .file("\(folder.path)/none.json"), token: ""
                ),
                at: "\(folder.path)/profile", passphrase: nil, retryBudget: .milliseconds(300))
        }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("\(folder.path)/none.json") == true)
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(!Profile.exists(at: "\(folder.path)/profile"))
    }
}
