import IdentityBasedEncryption
import Mailbox
import Primitives
import RPC

extension MailboxClient {
    /// Where a recipient waits for his mailbox to dial.
    public struct ListeningPlace: Sendable {
        /// The host to listen on, such as `0.0.0.0`.
        public var host: String
        /// The port; 0 takes any free one.
        public var port: Int
        /// The contact to tell the mailbox of, HOST:PORT; none where others tell it. With port 0 it is the port that was taken.
        public var contact: (host: String, port: Int)?

        /// A place from its parts.
        public init(host: String, port: Int, contact: (host: String, port: Int)? = nil) {
            self.host = host
            self.port = port
            self.contact = contact
        }
    }

    /// How often a contact is told of: it counts for an hour.
    private static let announcementInterval = Duration.seconds(1200)

    /// Waits where the mailbox of an identity dials, and receives what it brings into an inbox, until the task is cancelled.
    ///
    /// Who dials must prove itself to be that mailbox before anything is taken from it; the certificate of the TLS connection is
    /// made at each start, and the exchange binds it (docs/protocol.md choice 29). Where the mailbox dials anew while a stream is
    /// open, the new one takes the old one's place.
    ///
    /// - Parameters:
    ///   - ready: hears the port once it listens.
    ///   - hear: is awaited, so that a slow hearer slows the stream.
    /// Throws `MailboxClientError`: `.unusable` where it cannot listen there, `.cancelled` at the end.
    public func listen(
        as identity: Identity, into inbox: Inbox, at place: ListeningPlace,
        ready: @Sendable (_ port: Int) async -> Void = { _ in },
        hear: @escaping @Sendable (ReceiveEvent) async -> Void
    ) async throws(MailboxClientError) {
        do {
            try requireOwn(identity)
            guard let mailbox = identity.mailbox else { throw MailboxClientError.noMailbox(identity: "\(identity)") }
            SentRecord(of: profile).prune(now: now())
            // So that the first call does not wait for the KMS.
            _ = try await keys.ring(of: identity, on: [now().day])
            let certificate = try Self.ownCertificate(now: Self.systemTime())
            // What is wrong with this machine ends the listening, and not one call only.
            let (faults, fault) = AsyncThrowingStream<Never, any Error>.makeStream()
            let service = ContactService(
                client: self, recipient: identity, mailbox: mailbox, inbox: inbox,
                certificateDigest: certificate.digest, hear: hear, fail: { fault.finish(throwing: $0) })
            let server: RPCServer
            do {
                server = try RPCServer(.contact(place, certificate), services: [.contact(service)])
            } catch {
                throw MailboxClientError.unusable(what: "the place to listen", reason: "\(error)")
            }
            await ready(server.port)
            let port = server.port
            let result: Result<Void, any Error>
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.announce(identity, place, port: port, hear) }
                    group.addTask {
                        for try await _ in faults {}
                        throw CancellationError()
                    }
                    defer { group.cancelAll() }
                    try await group.next()
                }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await server.shutdown(grace: .zero)
            try result.get()
        } catch {
            throw MailboxClientError(error)
        }
    }

    /// Tells the mailbox of the contact again and again; takes it back at the end.
    private func announce(
        _ identity: Identity, _ place: ListeningPlace, port: Int,
        _ hear: @escaping @Sendable (ReceiveEvent) async -> Void
    ) async throws {
        guard let contact = place.contact else {
            while true { try await Task.sleep(for: .seconds(3600)) }
        }
        let address = RPCAddress(host: contact.host, port: contact.port == 0 ? port : contact.port).description
        while true {
            do {
                try await publishPresence(of: identity, isOpen: true, contact: address)
                try await Task.sleep(for: Self.announcementInterval)
            } catch MailboxClientError.cancelled {
                break
            } catch let error as MailboxClientError {
                let pause = Duration.seconds(5)
                await hear(.reconnecting(reason: error.description, pause: pause))
                try await Task.sleep(for: pause)
            } catch is CancellationError {
                break
            }
        }
        // The task is cancelled: in one of its own, and briefly.
        let last = Task { try await publishPresence(of: identity, isOpen: false, contact: nil) }
        let limit = Task {
            try await Task.sleep(for: .seconds(2))
            last.cancel()
        }
        _ = await last.result
        limit.cancel()
        throw MailboxClientError.cancelled
    }

    private static func ownCertificate(now: UTCTime) throws -> RPCCertificate {
        let authority = try CertificateAuthority(commonName: "poste contact", now: now, days: 365)
        return try RPCCertificate(authority.issue(commonName: "poste contact", hosts: [], now: now, days: 365))
    }
}

extension RPCServerConfiguration {
    /// For a mailbox that dials: few calls at a time, and a peer that is gone is noticed soon.
    fileprivate static func contact(
        _ place: MailboxClient.ListeningPlace, _ certificate: RPCCertificate
    ) -> RPCServerConfiguration {
        var configuration = RPCServerConfiguration(
            host: place.host, port: place.port, security: .tls(certificate, clients: .none))
        configuration.maxCalls = 16
        configuration.maxStreams = 16
        configuration.maxCallsPerConnection = 4
        configuration.keepalive = .seconds(10)
        configuration.keepaliveTimeout = .seconds(5)
        return configuration
    }
}
