import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import RPC

extension MailboxClient {
    /// Tells the mailbox of an identity of the profile whether he can be reached, and where it may dial him: HOST:PORT.
    ///
    /// A front believes it because the identity proves itself to its mailbox (docs/protocol.md choice 28). Throws
    /// `MailboxClientError`.
    public func publishPresence(
        of identity: Identity, isOpen: Bool, contact: String? = nil
    ) async throws(MailboxClientError) {
        do {
            try requireOwn(identity)
            let event = try PresenceEvent(entity: identity, isOpen: isOpen, contact: contact, timestamp: now())
            try await publish([event])
        } catch {
            throw MailboxClientError(error)
        }
    }

    /// Publishes presence events about one identity of the profile, in their order. Those without a timestamp get the present
    /// one. Returns how many were accepted; throws `MailboxClientError`.
    @discardableResult
    public func publish(_ events: [PresenceEvent]) async throws(MailboxClientError) -> Int {
        do {
            guard let entity = events.first?.entity else { return 0 }
            try requireOwn(entity)
            guard let mailbox = entity.mailbox else { throw MailboxClientError.noMailbox(identity: "\(entity)") }
            let session = try await handshake(from: entity, to: mailbox, for: .fetch)
            let prover = try PresenceSession(tgk: session.tgk, csbID: session.csbIDOctets)
            let dated = events.map { event in
                var event = event
                event.timestamp = event.timestamp ?? now()
                return event.json
            }
            var accepted = 0
            var rest = dated[...]
            while !rest.isEmpty {
                let part = Array(rest.prefix(Self.eventsPerCall))
                rest = rest.dropFirst(part.count)
                let proof = PresenceProof(
                    csbID: session.csbIDOctets, initiator: entity.octets, mac: prover.proof(of: part))
                let request = PublishPresenceRequest(events: part.map { String(decoding: $0, as: UTF8.self) }, proof: proof)
                accepted += Int(
                    try await caller.front(caller.nextFront(), Methods.publishPresence, request).message.accepted)
            }
            return accepted
        } catch {
            throw MailboxClientError(error)
        }
    }

    /// How many events go out in one call.
    private static let eventsPerCall = 256

    /// What enrolling takes.
    public struct Enrolment: Sendable {
        /// The URIs of the account, at least one.
        public var identities: [Identity]
        /// Where the services are.
        public var endpoints: EndpointSource
        /// The KMS's enrolment token.
        public var token: String
        /// Whether parameters of security level 1024 are accepted, which protects nothing: for tests.
        public var acceptsTestLevel = false

        /// An enrolment from its parts.
        public init(identities: [Identity], endpoints: EndpointSource, token: String) {
            self.identities = identities
            self.endpoints = endpoints
            self.token = token
        }
    }

    /// Makes an account at the KMS and its profile in a folder.
    ///
    /// Throws `MailboxClientError`. An answer that is lost on its way leaves an account without a profile; the KMS's
    /// operator removes it.
    public static func enroll(
        _ enrolment: Enrolment, at folder: String, passphrase: SecretBytes?, retryBudget: Duration = .seconds(60),
        observe: @escaping @Sendable (ClientEvent) -> Void = { _ in }
    ) async throws(MailboxClientError) -> Profile {
        let seal = try Profile.prepare(at: folder, passphrase: passphrase)
        do {
            let caller = RetryingCaller(Services(enrolment.endpoints), budget: retryBudget, observe: observe)
            // Where the KMS does not serve this machine, better now than with an account made.
            let published = try await caller.kms(Methods.getParameters, GetParametersRequest()).message.parameters
            _ = try PublishedParameters.usable(
                published, at: systemTime(), acceptsTestLevel: enrolment.acceptsTestLevel)
            let request = EnrollRequest(identities: enrolment.identities.map(\.description), mailboxDomain: "")
            let answer = try await caller.kms(
                Methods.enroll, request, metadata: ["authorization": "Bearer \(enrolment.token)"]
            ).message
            guard let kms = try? Identity(octets: answer.kms), answer.psk.count == 32 else {
                throw MailboxClientError.untrusted(peer: "KMS", reason: "its answer to the enrolment is not one")
            }
            let account = Account(
                identities: enrolment.identities, kms: kms, pskName: answer.pskName, endpoints: enrolment.endpoints,
                acceptsTestLevel: enrolment.acceptsTestLevel)
            return try Profile.finish(at: folder, seal, account: account, psk: answer.psk)
        } catch {
            throw MailboxClientError(error)
        }
    }

    /// Fetches today's keys of all identities, so that what is wrong between profile and KMS shows at once.
    ///
    /// Throws `MailboxClientError`.
    public func fetchKeys() async throws(MailboxClientError) {
        do {
            try await keys.prepare(profile.account.identities, on: now().day)
        } catch {
            throw MailboxClientError(error)
        }
    }
}
