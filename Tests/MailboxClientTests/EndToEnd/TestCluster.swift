import DeliveryWorker
import Foundation
import FrontWorker
import IdentityBasedEncryption
import KeyManagement
import KeyManagementClient
import Mailbox
import MailboxAPI
import MailboxClient
import Observability
import Primitives
import RPC
import TestStore

/// A whole cluster for `example.com` in this process at level 1024: the real KMS, front, delivery worker and store, and
/// a relay before the front that breaks what it is told to.
final class TestCluster: Sendable {
    let relay: Relay
    private let folder = TemporaryFolder()
    private let kms: KeyManagementService
    private let store: TestStore
    private let relayServer: RPCServer
    private let work: Task<Void, Never>
    private let roots: String
    private let token: String

    /// Runs the body with a cluster whose clocks all are `now`.
    static func run(
        now: @escaping @Sendable () -> UTCTime = MailboxClient.systemTime,
        _ body: (TestCluster) async throws -> Void
    ) async throws {
        let cluster = try await TestCluster(now: now)
        let result: Result<Void, any Error>
        do { result = .success(try await body(cluster)) } catch { result = .failure(error) }
        await cluster.stop()
        try result.get()
    }

    private init(now: @escaping @Sendable () -> UTCTime) async throws {
        let silent = Log(component: "test") { _ in }
        let authority = try CertificateAuthority(commonName: "Test authority", now: MailboxClient.systemTime())
        roots = authority.certificatePEM
        func credentials(_ role: String) throws -> TLSCredentials {
            try authority.issue(
                commonName: role, hosts: ["127.0.0.1"], uris: ["poste:\(role)"], now: MailboxClient.systemTime())
        }
        var settings = KeyManagementSettings(name: try Identity("sip:kms@example.com"))
        settings.level = .test1024
        settings.insecureTestLevel = true
        settings.domains = ["example.com"]
        let state = try KeyManagementState(
            folder: "\(folder.path)/kms", passphrase: SecretBytes(Array("a passphrase".utf8)), settings: settings,
            now: now())
        var keyManagement = KeyManagementConfiguration(
            host: "127.0.0.1", port: 0, certificate: try RPCCertificate(credentials("kms")))
        keyManagement.clock = now
        kms = try KeyManagementService(state: state, configuration: keyManagement, log: silent)
        let tokenFile = try OpenFile("\(folder.path)/kms/enrolment.token", O_RDONLY)
        token = String(decoding: try tokenFile.readNext(1000), as: UTF8.self).filter { !$0.isWhitespace }

        store = try await TestStore.make(partitions: 4, clock: now)
        let channel = try Self.channel(kms.port, roots)
        let account = try await channel.call(
            Methods.enroll, EnrollRequest(identities: [], mailboxDomain: "example.com"),
            metadata: ["authorization": "Bearer \(token)"])
        let client = KeyManagementClient(
            channel: channel,
            credentials: KeyManagementClient.Credentials(
                kms: try Identity(octets: account.kms), preSharedKeyName: account.pskName, preSharedKey: account.psk),
            acceptsTestLevel: true)
        let front = try FrontWorker(
            FrontConfiguration(
                host: "127.0.0.1", port: 0, pushPort: 0, advertisedHost: "127.0.0.1",
                credentials: try credentials("front"), rootsPEM: roots, now: now),
            mailLog: store.mailLog, view: store.view, sessions: store.sessions,
            keys: SessionSeal(current: try SessionSeal.Key(id: 1, secret: SystemRandom().secretOctets(32))),
            accounts: [MailboxAccount(domain: "example.com", client: client)], log: silent)
        let worker = DeliveryWorker(
            mailLog: store.mailLog, view: store.view,
            configuration: DeliveryConfiguration(
                credentials: try credentials("delivery-worker"), rootsPEM: roots, now: now), log: silent)
        work = Task {
            async let serving: Void = front.run()
            async let delivering: Void? = try? worker.run()
            _ = await (serving, delivering)
        }
        try await front.waitUntilReady()
        relay = Relay(try Self.channel(front.port, roots))
        relayServer = try RPCServer(
            RPCServerConfiguration(
                host: "127.0.0.1", port: 0,
                security: .tls(try RPCCertificate(credentials("front")), clients: .none)),
            services: [.mailbox(relay)])
    }

    private static func channel(_ port: Int, _ roots: String) throws -> RPCChannel {
        try RPCChannel(RPCChannelConfiguration(host: "127.0.0.1", port: port, security: .tls(rootsPEM: roots)))
    }

    private func stop() async {
        work.cancel()
        await work.value
        await relayServer.shutdown(grace: .zero)
        await kms.shutdown()
        await store.close()
    }

    var endpoints: Endpoints {
        let front = "127.0.0.1:\(relayServer.port)"
        return Endpoints(kms: "127.0.0.1:\(kms.port)", fronts: [front, front], roots: roots)
    }

    /// The public parameters of the KMS.
    func parameters() async throws -> [BFPublicParameters] {
        let answer = try await Self.channel(kms.port, roots).call(Methods.getParameters, GetParametersRequest())
        return try PublishedParameters.usable(answer.parameters, at: MailboxClient.systemTime(), acceptsTestLevel: true)
    }

    /// Enrols somebody.
    func enroll(
        _ uri: String, configure: (inout MailboxClient.Configuration) -> Void = { _ in }
    ) async throws -> TestUser {
        let identity = try Identity(uri)
        var enrolment = MailboxClient.Enrolment(identities: [identity], endpoints: .fixed(endpoints), token: token)
        enrolment.acceptsTestLevel = true
        let place = Profile.folder(named: uri, home: folder.path)
        let profile = try await MailboxClient.enroll(enrolment, at: place, passphrase: nil)
        var configuration = MailboxClient.Configuration()
        configuration.retryBudget = .seconds(20)
        configure(&configuration)
        return TestUser(identity: identity, client: MailboxClient(profile, configuration))
    }
}

/// Somebody with a profile.
struct TestUser: Sendable {
    let identity: Identity
    let client: MailboxClient

    var inboxFolder: String { "\(client.profile.folder)/inbox" }

    func send(
        _ octets: [UInt8], to other: TestUser, receipt: Bool = false
    ) async throws(MailboxClientError) -> SentDeposit {
        var options = DepositOptions()
        options.wantsReceipt = receipt
        return try await client.send(ContentSource(octets), from: identity, to: other.identity, options)
    }

    /// All that waits, with what was heard.
    func receive(_ options: ReceiveOptions = ReceiveOptions()) async throws -> Heard {
        let inbox = try Inbox(of: client.profile, now: MailboxClient.systemTime())
        let heard = Hearing()
        let summary = try await client.receive(as: identity, into: inbox, options) { await heard.hear($0) }
        return Heard(summary: summary, events: await heard.events)
    }
}

/// What came of receiving.
struct Heard: Sendable {
    let summary: ReceiveSummary
    let events: [ReceiveEvent]

    var deposits: [ReceivedDeposit] {
        events.compactMap { if case .deposit(let deposit) = $0 { deposit } else { nil } }
    }
    var receipts: [DeliveryReceipt] {
        events.compactMap { if case .receipt(let receipt) = $0 { receipt } else { nil } }
    }
    var reconnects: Int { events.count { if case .reconnecting = $0 { true } else { false } } }
}

private actor Hearing {
    private(set) var events: [ReceiveEvent] = []
    func hear(_ event: ReceiveEvent) { events.append(event) }
}
