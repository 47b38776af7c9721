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
    private let client: KeyManagementClient
    private let names: [Identity]
    private let now: @Sendable () -> UTCTime
    private let log: Log
    private var current: IBAKEResponder?
    private var fetchedOn: UTCDay?

    /// Throws `InvalidIdentity` for a domain that is none.
    init(
        client: KeyManagementClient, domains: [String], now: @escaping @Sendable () -> UTCTime, log: Log
    ) throws {
        self.client = client
        names = try domains.map { try Identity("sip:mailbox@\($0)") }
        self.now = now
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
        let parameters = try await client.parameters(now: now())
        let wanted = names.flatMap { name in
            (-1...1).map { DatedIdentity(name, on: today.advanced(by: $0)) }
        }
        var ring = KeyRing(parameters: parameters)
        for key in try await client.privateKeys(of: wanted, under: parameters, now: now()) { try ring.add(key) }
        current = IBAKEResponder(names: Set(names), keys: ring)
        fetchedOn = today
        log.info("keys fetched", ["day": LogValue(today), "count": LogValue(wanted.count)])
    }
}
