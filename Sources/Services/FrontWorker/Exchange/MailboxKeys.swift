import IBAKE
import IdentityBasedEncryption
import KeyManagementClient
import Observability
import Primitives
import RPC

/// The private keys of the mailbox services that this front answers for: those of yesterday, today and tomorrow, from the KMS.
///
/// They are in memory only. A front that starts fetches them again.
actor MailboxKeys {
    private let accounts: [MailboxAccount]
    private let now: @Sendable () -> UTCTime
    private let fetched: Gauge
    private let log: Log
    private var current: IBAKEResponder?
    private var ring = KeyRing(parameters: [], for: .listed)
    private var fetchedOn: UTCDay?

    init(_ accounts: [MailboxAccount], now: @escaping @Sendable () -> UTCTime, fetched: Gauge, log: Log) {
        self.accounts = accounts
        self.now = now
        self.fetched = fetched
        self.log = log
    }

    /// The responder with today's keys.
    ///
    /// Throws UNAVAILABLE where the KMS has not given them yet.
    func responder() throws -> IBAKEResponder {
        guard let current else {
            throw RPCStatus(.unavailable, "the front has no keys from the KMS yet: try again", retryAfterMs: 1000)
        }
        return current
    }

    /// The private keys of a mailbox service, to call in its name.
    ///
    /// Throws UNAVAILABLE where the KMS has not given them yet, NOT_FOUND where it is none of this front's.
    func ring(of mailbox: Identity) throws -> KeyRing {
        guard accounts.contains(where: { $0.mailbox == mailbox }) else {
            throw RPCStatus(.notFound, "this front does not answer for \(mailbox)")
        }
        _ = try responder()
        return ring
    }

    /// Whether it can answer.
    var isReady: Bool { current != nil }

    /// Fetches keys when a new day needs them, until the task is cancelled; tries again with back-off.
    func run() async {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            do {
                try await refresh()
                pause = .milliseconds(100)
                try await Task.sleep(for: .seconds(60))
            } catch is CancellationError {
                return
            } catch {
                log.warning("no keys from the KMS yet", ["reason": .text("\(error)")])
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(10))
            }
        }
    }

    /// Fetches the keys of the days around now, unless that was done today.
    func refresh() async throws {
        let today = now().day
        guard fetchedOn != today else { return }
        var ring: KeyRing?
        for account in accounts {
            let parameters = try await account.client.parameters(now: now())
            var known = ring ?? KeyRing(parameters: parameters, for: .listed)
            known.setParameters(parameters, forDomain: account.domain)
            let wanted = (-1...1).map { DatedIdentity(account.mailbox, on: today.advanced(by: $0)) }
            for key in try await account.client.privateKeys(of: wanted, under: parameters, now: now()) {
                try known.add(key)
            }
            ring = known
        }
        guard let ring else { return }
        self.ring = ring
        current = IBAKEResponder(names: Set(accounts.map(\.mailbox)), keys: ring)
        fetchedOn = today
        fetched.set(now().milliseconds / 1000)
        log.info("keys fetched", ["day": LogValue(today), "domains": LogValue(accounts.count)])
    }
}

/// A domain that a front answers for, and how it gets the keys of that domain's mailbox service.
public struct MailboxAccount: Sendable {
    /// The domain.
    public let domain: String
    /// `sip:mailbox@DOMAIN`.
    public let mailbox: Identity
    let client: KeyManagementClient

    /// An account at a KMS, of one domain. Throws `InvalidIdentity` for a domain that is none.
    public init(domain: String, client: KeyManagementClient) throws(InvalidIdentity) {
        self.domain = domain
        mailbox = try Identity("sip:mailbox@\(domain)")
        self.client = client
    }
}
