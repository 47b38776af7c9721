import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import WorkPool

/// What a user's side does with a mailbox cluster: send, receive, publish presence. One for a profile and process.
///
///     let profile = try Profile.open(at: folder, passphrase: nil)
///     let client = MailboxClient(profile)
///     let sent = try await client.send(try ContentSource(file: "hello.wav"), from: alice, to: bob)
public final class MailboxClient: Sendable {
    /// How a client behaves.
    public struct Configuration: Sendable {
        /// How long something that failed is tried again, from its first failure.
        public var retryBudget = Duration.seconds(60)
        /// The second message of a handshake goes to another front than the first, to show that any front can take it.
        public var changesFronts = false
        /// The clock.
        public var now: @Sendable () -> UTCTime = MailboxClient.systemTime
        /// Hears of exchanges and retries as they happen. Must not block.
        public var observe: @Sendable (ClientEvent) -> Void = { _ in }
        /// How many threads compute pairings.
        public var computingThreads = 2
        /// Threads that many clients of one process share, in place of each one's own. They outlast the client.
        package var sharedPool: WorkPool?

        /// The defaults.
        public init() {}
    }

    /// Who it is for.
    public let profile: Profile
    let configuration: Configuration
    let caller: RetryingCaller
    let keys: OwnKeys
    let pool: WorkPool
    let now: @Sendable () -> UTCTime

    /// A client of a profile. Connects when it is needed.
    public init(_ profile: Profile, _ configuration: Configuration = Configuration()) {
        self.profile = profile
        self.configuration = configuration
        now = configuration.now
        pool =
            configuration.sharedPool
            ?? WorkPool(name: "poste-client", threadCount: configuration.computingThreads, queueLimit: 1 << 16)
        caller = RetryingCaller(
            Services(profile.account.endpoints), budget: configuration.retryBudget, now: configuration.now,
            observe: configuration.observe)
        keys = OwnKeys(profile, caller: caller, pool: pool, now: now, observe: configuration.observe)
    }

    deinit { if configuration.sharedPool == nil { pool.stop() } }

    /// Checks that the profile has the identity. Throws `MailboxClientError.notOwn`.
    func requireOwn(_ identity: Identity) throws {
        guard profile.account.identities.contains(identity) else {
            throw MailboxClientError.notOwn(identity: "\(identity)", path: profile.folder)
        }
    }

    /// Runs an exchange with the mailbox of a recipient.
    ///
    /// Throws `MailboxClientError`.
    public func openSession(
        from sender: Identity, to recipient: Identity
    ) async throws(MailboxClientError) -> SendingSession {
        do {
            try requireOwn(sender)
            guard recipient.mailbox != nil else { throw MailboxClientError.noMailbox(identity: "\(recipient)") }
            // The trace of an exchange is that of the first deposit under it.
            let first = try DepositID(octets: SystemRandom().octets(DepositID.size))
            let session = try await handshake(from: sender, to: recipient, for: .deposit, trace: DepositTrace(first))
            let ring = try await keys.ring(of: sender, on: [session.timestamp.time.day])
            return SendingSession(session, ring: ring, first: first, client: self)
        } catch {
            throw MailboxClientError(error)
        }
    }

    /// Sends one content, in a session of its own.
    ///
    /// Where the mailbox has lost the session before anything was stored, it opens another. Throws
    /// `MailboxClientError`.
    public func send(
        _ content: ContentSource, from sender: Identity, to recipient: Identity,
        _ options: DepositOptions = DepositOptions(), progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws(MailboxClientError) -> SentDeposit {
        try await send(content, in: nil, from: sender, to: recipient, options, progress: progress).sent
    }

    /// Sends one content in a session that is open, or in a new one, and gives the session for what follows: deposits
    /// of one session keep their order.
    public func send(
        _ content: ContentSource, in open: SendingSession?, from sender: Identity, to recipient: Identity,
        _ options: DepositOptions = DepositOptions(), progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws(MailboxClientError) -> (sent: SentDeposit, session: SendingSession) {
        var session = open
        var sessionsLost = 0
        while true {
            let current: SendingSession
            if let session { current = session } else { current = try await openSession(from: sender, to: recipient) }
            do {
                return (try await current.deposit(content, options, progress: progress), current)
            } catch .sessionGone where sessionsLost < 3 {
                sessionsLost += 1
                session = nil
            }
        }
    }

    /// Runs an exchange over unary calls.
    func handshake(
        from sender: Identity, to recipient: Identity, for purpose: Handshake.Purpose, trace: DepositTrace? = nil
    ) async throws -> EstablishedSession {
        let handshake = Handshake(keys: keys, pool: pool, now: now)
        var exchangesLost = 0
        while true {
            let front = caller.nextFront()
            do {
                return try await handshake.run(from: sender, to: recipient, for: purpose) { [self] message, name in
                    let shift = name == .second && configuration.changesFronts ? 1 : 0
                    return try await exchange(message, name, front: front + shift, trace)
                }
            } catch MailboxClientError.refused where exchangesLost < 2 {
                // Where the session store lost its state between the two messages a new exchange helps.
                exchangesLost += 1
            }
        }
    }

    private func exchange(
        _ message: [UInt8], _ name: HandshakeMessage, front: Int, _ trace: DepositTrace?
    ) async throws -> [UInt8] {
        let start = ContinuousClock.now
        let answer = try await caller.front(
            front, Methods.exchange, MIKEYMessage(octets: message), metadata: trace?.metadata ?? [:])
        let octets = answer.message.octets
        configuration.observe(
            .exchanged(
                ExchangeStep(
                    sent: name.name, sentOctets: message.count, received: name.answer, receivedOctets: octets.count,
                    address: answer.address, duration: .now - start)))
        return octets
    }
}
