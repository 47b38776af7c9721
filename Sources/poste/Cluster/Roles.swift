import Foundation
import DeliveryWorker
import FrontWorker
import IdentityBasedEncryption
import KeyManagement
import KeyManagementClient
import Mailbox
import Observability
import Primitives
import RPC
import WorkPool

/// Puts together each role of a cluster.
struct Roles: Sendable {
    let options: ServiceOptions

    /// The KMS's state. It makes parameters at its first start, with a line of progress.
    func keyManagementState(
        domains: [String], level: SecurityLevel, beginsNewAuditLog: Bool = false, tokenFile: String? = nil
    ) async throws -> KeyManagementState {
        var settings = KeyManagementSettings(name: try Identity("sip:kms@\(domains[0])"))
        settings.domains = Set(domains)
        settings.level = level
        settings.insecureTestLevel = options.insecureTestLevel
        settings.beginsNewAuditLog = beginsNewAuditLog
        settings.enrolmentToken = try tokenFile.map { SecretBytes(Array(try textFile($0).utf8)) }
        let progress = PrimeProgress(level: level)
        let passphrase = try options.folder.passphrase(file: options.passphraseFile)
        let path = options.folder.path("kms")
        let fixed = settings
        // The search for primes takes seconds: not on a thread of the cooperative pool.
        let state = try await onThread {
            try KeyManagementState(
                folder: path, passphrase: passphrase, settings: fixed, now: wallClock(), progress: progress.update)
        }
        progress.finish()
        return state
    }

    /// Seals the KMS's secrets under the passphrase of a file; says which.
    func changePassphrase(toThatOf file: String) async throws -> [String] {
        let (old, new) = (try options.folder.passphrase(file: options.passphraseFile), try passphraseFromFile(file))
        let path = options.folder.path("kms")
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(.machine, "there is no KMS's state at \(path): give the --cluster in which it lies")
        }
        return try await onThread { try KeyManagementState.changePassphrase(folder: path, from: old, to: new) }
    }

    /// The KMS, serving.
    func keyManagement(_ state: KeyManagementState, at address: RPCAddress) throws -> KeyManagementService {
        let certificate = try RPCCertificate(
            options.identity.credentials(role: "kms", hosts: [address.host]))
        var configuration = KeyManagementConfiguration(
            host: address.host, port: address.port, certificate: certificate)
        configuration.metrics = options.metrics
        configuration.clock = wallClock
        return try KeyManagementService(
            state: state, configuration: configuration,
            log: options.log.component("kms"))
    }

    /// A front worker that gets its keys from the KMS at `kms`.
    func front(
        _ address: RPCAddress, push: RPCAddress, advertised: String, kms: RPCAddress, domains: [String], account: String?,
        stores: Stores, keys: any SessionKeys, limits: FrontLimits,
        reclaim: (@Sendable (Identity) async throws -> Void)? = nil
    ) async throws -> FrontWorker {
        let rootsPEM = try options.identity.rootsPEM()
        let channel = try RPCChannel(
            RPCChannelConfiguration(
                host: kms.host, port: kms.port, security: .tls(rootsPEM: rootsPEM)))
        var accounts: [MailboxAccount] = []
        for domain in domains {
            let credentials =
                if let account { try FrontAccount(path: account).credentials() } else {
                    try await self.account(of: domain, channel, reclaim)
                }
            let client = KeyManagementClient(
                channel: channel, credentials: credentials, acceptsTestLevel: options.insecureTestLevel)
            accounts.append(try MailboxAccount(domain: domain, client: client))
        }
        var configuration = FrontConfiguration(
            host: address.host, port: address.port, pushPort: push.port, advertisedHost: advertised,
            credentials: try options.identity.credentials(role: "front", hosts: [address.host, advertised]),
            rootsPEM: rootsPEM, now: wallClock)
        configuration.limits = limits
        configuration.metrics = options.metrics
        configuration.tracer = options.tracing.tracer
        return try FrontWorker(
            configuration, mailLog: stores.mailLog, view: stores.view, sessions: stores.sessions, keys: keys,
            accounts: accounts, log: options.log.component("front"))
    }

    private func account(
        of domain: String, _ channel: RPCChannel, _ reclaim: (@Sendable (Identity) async throws -> Void)?
    ) async throws -> KeyManagementClient.Credentials {
        var reclaimAccount: (@Sendable () async throws -> Void)?
        if let reclaim {
            let mailbox = try Identity("sip:mailbox@\(domain)")
            reclaimAccount = { try await reclaim(mailbox) }
        }
        return try await FrontAccount(
            domain: domain, in: options.folder, channel: channel, reclaim: reclaimAccount
        ).credentials()
    }

    /// A delivery worker.
    func delivery(
        stores: Stores, _ change: (inout DeliveryConfiguration) -> Void = { _ in }
    ) throws -> DeliveryWorker {
        var configuration = DeliveryConfiguration(
            credentials: try options.identity.credentials(role: "delivery-worker", hosts: []),
            rootsPEM: try options.identity.rootsPEM(), now: wallClock)
        configuration.metrics = options.metrics
        configuration.tracer = options.tracing.tracer
        change(&configuration)
        return DeliveryWorker(
            mailLog: stores.mailLog, view: stores.view, configuration: configuration, log: options.log.component("deliver"))
    }

    /// Where the cluster keeps its state.
    func stores() async throws -> Stores {
        try await Stores.open(options.stores, in: options.folder, log: options.log)
    }
}

/// Tells how far the search for primes is, where somebody watches.
final class PrimeProgress: Sendable {
    private let level: SecurityLevel
    private let isShown = isatty(STDERR_FILENO) == 1

    init(level: SecurityLevel) { self.level = level }

    func update(_ candidates: Int) {
        guard isShown else { return }
        FileHandle.standardError.write(
            Data("\rmaking public parameters of level \(level.rawValue): \(candidates) candidates tried ".utf8))
    }

    func finish() {
        guard isShown else { return }
        FileHandle.standardError.write(Data("\r\u{1b}[K".utf8))
    }
}
