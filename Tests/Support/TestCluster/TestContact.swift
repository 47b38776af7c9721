import IBAKE
import IdentityBasedEncryption
import MIKEY
import Mailbox
import MailboxAPI
import Primitives
import RPC
import Synchronization

/// Somebody's program where his mailbox dials him, run by hand.
package final class TestContact: Stoppable {
    /// How it answers.
    package enum Manner: Sendable {
        /// As the protocol has it.
        case right
        /// With the private keys of somebody else.
        case stranger(Person)
        /// With octets that are no MIKEY.
        case garbage
        /// With an acknowledgement where a MIKEY message is due.
        case outOfOrder
        /// Not at all.
        case silent
        /// Naming another certificate as its own, as where somebody stands between.
        case otherCertificate
        /// With a wrong MAC about its certificate.
        case wrongMAC
        /// With the end of the call.
        case hangsUp
    }

    package let port: Int
    private let server: RPCServer
    private let handlers: Handlers

    package init(_ person: Person, manner: Manner = .right, port: Int = 0) throws {
        let certificate = try RPCCertificate(
            CertificateAuthority(commonName: "Nobody knows it", now: TestCluster.wallClock).issue(
                commonName: "contact", hosts: [], now: TestCluster.wallClock))
        handlers = Handlers(person: person, manner: manner, certificateDigest: certificate.digest)
        server = try RPCServer(
            RPCServerConfiguration(host: "127.0.0.1", port: port, security: .tls(certificate, clients: .none)),
            services: [.contact(handlers)])
        self.port = server.port
    }

    package var address: String { "127.0.0.1:\(port)" }

    /// How often it was called.
    package var calls: Int { handlers.calls.withLock { $0 } }

    /// Whether anything came to it that is none of the exchange.
    package var wasGivenMail: Bool { handlers.wasGivenMail.withLock { $0 } }

    /// The next stream whose mailbox has proved itself.
    package func stream() async throws -> Inbox {
        for await inbox in handlers.streams { return inbox }
        throw NeverHappened(description: "the mailbox dials")
    }

    package func stop() async { await server.shutdown(grace: .zero) }

    private final class Handlers: ContactHandlers {
        let person: Person
        let manner: Manner
        let certificateDigest: [UInt8]
        let calls = Mutex(0)
        let wasGivenMail = Mutex(false)
        let streams: AsyncStream<Inbox>
        private let proven: AsyncStream<Inbox>.Continuation

        init(person: Person, manner: Manner, certificateDigest: [UInt8]) {
            self.person = person
            self.manner = manner
            self.certificateDigest = certificateDigest
            (streams, proven) = AsyncStream.makeStream()
        }

        func deliver(
            _ requests: Requests<ReceiveResponse>, _ responses: Responses<ReceiveRequest>, _ context: RPCContext
        ) async throws {
            calls.withLock { $0 += 1 }
            switch manner {
            case .garbage: try await responses.send(ReceiveRequest(.mikey([1, 2, 3])))
            case .outOfOrder:
                let answer = MailboxAPI.Acknowledgement(sequence: 0, id: [], refused: false, mac: [])
                try await responses.send(ReceiveRequest(.acknowledgement(answer)))
            case .silent: break
            case .hangsUp: return
            case .right, .stranger, .otherCertificate, .wrongMAC:
                let session = try await prove(requests, responses)
                var mac = session.contactMAC(certificateDigest: certificateDigest)
                if case .otherCertificate = manner {
                    mac = session.contactMAC(certificateDigest: [UInt8](repeating: 1, count: 32))
                }
                if case .wrongMAC = manner { mac[0] ^= 1 }
                try await responses.send(ReceiveRequest(.contactMAC(mac)))
                if case .right = manner { return await serve(session, requests, responses) }
            }
            while let request = try await requests.next() {
                if case .mikey = request.part { continue }
                wasGivenMail.withLock { $0 = true }
            }
        }

        private func prove(
            _ requests: Requests<ReceiveResponse>, _ responses: Responses<ReceiveRequest>
        ) async throws -> RecipientSession {
            var ring = try person.ring()
            if case .stranger(let other) = manner {
                ring = KeyRing(parameters: [person.cluster.keys.master.parameters])
                for days in -1...1 {
                    let day = person.cluster.clock.now.day.advanced(by: Int64(days))
                    // What he has is a key of the KMS, but of his own name.
                    let key = try person.cluster.keys.master.extract(DatedIdentity(other.identity, on: day).octets)
                    try ring.add(key)
                }
            }
            let responder = IBAKEResponder(names: [person.identity], keys: ring)
            var state: ResponderState?
            for _ in 1...2 {
                guard case .mikey(let message) = try await requests.next()?.part else {
                    throw NeverHappened(description: "a MIKEY message is due")
                }
                do {
                    let answer = try responder.answer(
                        message, state: state, now: person.cluster.clock.now, random: SystemRandom())
                    state = answer.state
                    try await responses.send(ReceiveRequest(.mikey(answer.octets)))
                } catch let error as IBAKEError {
                    let answer = error.message(answering: message, now: person.cluster.clock.now) ?? []
                    try await responses.send(ReceiveRequest(.mikey(answer)))
                }
            }
            guard let session = state?.session, session.initiator == person.identity.mailbox else {
                throw NeverHappened(description: "the mailbox proves itself")
            }
            return try RecipientSession(
                tgk: session.tgk, csbID: session.csbIDOctets, recipient: person.identity)
        }

        /// Leaves the call to the test, until the test or the mailbox ends it.
        private func serve(
            _ session: RecipientSession, _ requests: Requests<ReceiveResponse>,
            _ responses: Responses<ReceiveRequest>
        ) async {
            let (over, end) = AsyncStream<Never>.makeStream()
            let link = Inbox.Link(
                send: { message throws(RPCStatus) in
                    try await responses.send(message)
                    return true
                },
                receive: { () throws(RPCStatus) in
                    do throws(RPCStatus) {
                        let message = try await requests.next()
                        if message == nil { end.finish() }
                        return message
                    } catch {
                        end.finish()
                        throw error
                    }
                },
                finish: { end.finish() }, cancel: { end.finish() })
            proven.yield(Inbox(person, session, link))
            for await _ in over {}
        }
    }
}

extension Person {
    /// A request that proves events as this person, by an exchange with somebody: his own mailbox, where nobody else is named.
    package func presence(
        _ events: [String], over front: TestFront, with called: Identity? = nil
    ) async throws -> PublishPresenceRequest {
        guard let mailbox = called ?? identity.mailbox else { throw NeverHappened(description: "a mailbox") }
        let session = try await handshake(with: mailbox, over: front)
        let prover = try PresenceSession(tgk: session.tgk, csbID: session.csbIDOctets)
        let proof = PresenceProof(
            csbID: session.csbIDOctets, initiator: identity.octets, mac: prover.proof(of: events.map { Array($0.utf8) })
        )
        return PublishPresenceRequest(events: events, proof: proof)
    }
}
