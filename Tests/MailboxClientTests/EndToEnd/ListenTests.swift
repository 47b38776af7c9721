import Foundation
import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import MailboxClient
import Primitives
import RPC
import Synchronization
import Testing

/// A recipient who waits to be dialled.
@Suite(.timeLimit(.minutes(2))) struct ListenTests {
    /// Listens while the body runs; gives the port and what was heard.
    private func listening(
        _ user: TestUser, announces: Bool = true, _ body: (Int, Heard) async throws -> Void
    ) async throws {
        let heard = Heard()
        let (ports, port) = AsyncStream<Int>.makeStream()
        let contact = announces ? (host: "127.0.0.1", port: 0) : nil
        let inbox = try Inbox(of: user.client.profile, now: MailboxClient.systemTime())
        let task = Task {
            try await user.client.listen(
                as: user.identity, into: inbox, at: .init(host: "127.0.0.1", port: 0, contact: contact),
                ready: { port.yield($0) }, hear: { heard.note($0) })
        }
        for await port in ports {
            try await body(port, heard)
            break
        }
        task.cancel()
        let result = await task.result
        #expect(throws: MailboxClientError.cancelled) { try result.get() }
    }

    private final class Heard: Sendable {
        private let events = Mutex<[ReceiveEvent]>([])
        func note(_ event: ReceiveEvent) { events.withLock { $0.append(event) } }
        var deposits: [ReceivedDeposit] {
            events.withLock { $0.compactMap { if case .deposit(let deposit) = $0 { deposit } else { nil } } }
        }

        func wait(for count: Int) async throws -> [ReceivedDeposit] {
            for _ in 0..<3000 where deposits.count < count { try await Task.sleep(for: .milliseconds(10)) }
            return deposits
        }
    }

    @Test func theMailboxDialsWhoSaysWhereHeIs() async throws {
        try await TestCluster.run { cluster in
            let alice = try await cluster.enroll("sip:alice@example.com")
            let bob = try await cluster.enroll("sip:bob@example.com")
            var sent = [try await alice.send([1, 2, 3], to: bob, receipt: true)]
            try await listening(bob) { _, heard in
                #expect(try await heard.wait(for: 1).map(\.id) == sent.map(\.id))
                let content = [UInt8](repeating: 7, count: 300_000)
                sent.append(try await alice.send(content, to: bob))
                let deposits = try await heard.wait(for: 2)
                #expect(deposits.map(\.id) == sent.map(\.id))
                #expect(deposits.allSatisfy { $0.senderProof == .verified })
                #expect(deposits.last.flatMap { FileManager.default.contents(atPath: $0.path) } == Data(content))
            }
            #expect(try await alice.receive().receipts.map(\.id) == [sent[0].id])
            #expect(try await bob.receive().deposits.isEmpty, "what was acknowledged comes no more")
        }
    }

    @Test func whoCallsAndIsNotTheMailboxIsTurnedAway() async throws {
        try await TestCluster.run { cluster in
            let bob = try await cluster.enroll("sip:bob@example.com")
            try await listening(bob, announces: false) { port, heard in
                let channel = try RPCChannel(
                    RPCChannelConfiguration(host: "127.0.0.1", port: port, security: .tlsWithAnybody))
                func code(_ first: ReceiveResponse) async throws -> RPCCode {
                    let call = try channel.open(Methods.deliver, deadline: .seconds(20), waitsForReady: true)
                    _ = try await call.send(first)
                    do throws(RPCStatus) {
                        while let answer = try await call.receive() {
                            // An answer is worth nothing to who cannot open it; what he says then is not believed.
                            guard case .mikey = answer.part else { return .ok }
                            _ = try await call.send(first)
                        }
                        return .ok
                    } catch {
                        return error.code
                    }
                }
                #expect(try await code(ReceiveResponse(.mikey([1, 2, 3]))) == .permissionDenied)
                #expect(try await code(ReceiveResponse(.caughtUp(CaughtUp()))) == .invalidArgument)
                #expect(try await code(ReceiveResponse(.chunk([1]))) == .invalidArgument)
                // Anybody can write an I_MESSAGE_1, in the name of Eve or in that of the mailbox.
                let parameters = try await cluster.parameters()
                for name in ["sip:eve@example.com", "sip:mailbox@example.com"] {
                    let message = try IBAKEInitiator(
                        IBAKECall(from: Identity(name), to: bob.identity), keys: KeyRing(parameters: parameters),
                        now: MailboxClient.systemTime(), random: SystemRandom()
                    ).iMessage1
                    #expect(try await code(ReceiveResponse(.mikey(message))) == .permissionDenied)
                }
                #expect(heard.deposits.isEmpty)
            }
        }
    }

    @Test func aPlaceThatIsTakenIsSaid() async throws {
        try await TestCluster.run { cluster in
            let bob = try await cluster.enroll("sip:bob@example.com")
            try await listening(bob, announces: false) { port, _ in
                let other = try await cluster.enroll("sip:carol@example.com")
                let inbox = try Inbox(of: other.client.profile, now: MailboxClient.systemTime())
                do {
                    try await other.client.listen(
                        as: other.identity, into: inbox, at: .init(host: "127.0.0.1", port: port), hear: { _ in })
                } catch let error as MailboxClientError {
                    #expect(error.kind == .data && error.description.contains("in use"), "\(error)")
                }
            }
        }
    }
}
