import Foundation
import IBAKE
import IdentityBasedEncryption
import KeyManagement
import MailboxAPI
import Observability
import Primitives
import RPC

/// A state folder of a KMS for `example.com` and `example.net` at level 1024, and its service over TLS on loopback.
struct TestKMS: Sendable {
    static let name = "sip:kms@example.com"
    static let now = UTCTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000))
    private static let authority = Result { try CertificateAuthority(commonName: "Test authority", now: now) }

    let path = FileManager.default.temporaryDirectory.appending(path: "kms-\(UUID().uuidString)").path
    var passphrase = SecretBytes(Array("correct horse battery".utf8))
    var settings: KeyManagementSettings
    /// The KMS's time.
    var now = Self.now

    init() throws {
        settings = KeyManagementSettings(name: try Identity(Self.name))
        settings.level = .test1024
        settings.insecureTestLevel = true
        settings.domains = ["example.com", "example.net"]
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    func open() throws -> KeyManagementState {
        try KeyManagementState(folder: path, passphrase: passphrase, settings: settings, now: now)
    }

    /// Why the state does not open.
    func refusal() -> (any Error)? {
        do {
            _ = try open()
            return nil
        } catch {
            return error
        }
    }

    /// The content of a file in the folder.
    func file(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }

    func write(_ octets: some Collection<UInt8>, to name: String) throws {
        try Data(octets).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    func token() throws -> String {
        String(decoding: try file("enrolment.token"), as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// The lines of the audit log.
    func auditLines() throws -> [[UInt8]] { try file("audit.jsonl").split(separator: 10).map(Array.init) }

    /// What the audit log says of each event.
    func auditEntries() throws -> [AuditEntry] {
        struct Line: Decodable { let entry: AuditEntry }
        return try auditLines().map { try JSONDecoder().decode(Line.self, from: Data($0)).entry }
    }

    func configuration() throws -> KeyManagementConfiguration {
        let credentials = try Self.authority.get().issue(commonName: "kms", hosts: ["127.0.0.1"], now: Self.now)
        let certificate = try RPCCertificate(credentials)
        var configuration = KeyManagementConfiguration(host: "127.0.0.1", port: 0, certificate: certificate)
        let now = self.now
        configuration.clock = { now }
        return configuration
    }

    func channel(port: Int) throws -> RPCChannel {
        let security = RPCChannelConfiguration.Security.tls(rootsPEM: try Self.authority.get().certificatePEM)
        return try RPCChannel(RPCChannelConfiguration(host: "127.0.0.1", port: port, security: security))
    }

    /// Serves while `body` runs.
    func serve(
        configure: (inout KeyManagementConfiguration) -> Void = { _ in }, _ body: (TestCaller) async throws -> Void
    ) async throws {
        var configuration = try configuration()
        configure(&configuration)
        let service = try KeyManagementService(
            state: try open(), configuration: configuration, log: Log(component: "kms") { _ in })
        let channel = try channel(port: service.port)
        do {
            try await body(TestCaller(channel: channel, token: try token(), now: now))
        } catch {
            await service.shutdown()
            throw error
        }
        await service.shutdown()
    }
}

/// Somebody who calls the KMS.
struct TestCaller: Sendable {
    let channel: RPCChannel
    let token: String
    let now: UTCTime

    func enroll(_ identities: [String] = [], mailboxDomain: String = "") async throws(RPCStatus) -> TestUser {
        let response = try await channel.call(
            Methods.enroll, EnrollRequest(identities: identities, mailboxDomain: mailboxDomain),
            metadata: ["authorization": "Bearer \(token)"])
        return TestUser(account: response)
    }

    /// Sends octets as a request for keys.
    func send(_ octets: [UInt8]) async throws(RPCStatus) -> [UInt8] {
        try await channel.call(Methods.requestKeys, MailboxAPI.MIKEYMessage(octets: octets)).octets
    }

    /// Asks for keys and checks them.
    func keys(_ user: TestUser, _ wanted: [DatedIdentity]) async throws -> [BFPrivateKey] {
        let request = try user.request(wanted, now: now)
        return try request.receive(try await send(request.octets), parameters: user.parameters())
    }

    /// The number of the Error message that a request for keys gets; nil where it gets keys.
    func errorNumber(_ user: TestUser, _ wanted: [DatedIdentity]) async throws -> UInt8? {
        do {
            _ = try await keys(user, wanted)
            return nil
        } catch IBAKEError.peerError(let number) {
            return number
        }
    }
}

/// Somebody with an account.
struct TestUser: Sendable {
    var account: EnrollResponse

    func parameters() throws -> [BFPublicParameters] {
        // Those of several domains are the same.
        try account.parameters.prefix(1).map { try IBESysParams(der: $0).parameters }
    }

    func request(
        _ wanted: [DatedIdentity], now: UTCTime, random: some RandomSource = SystemRandom()
    ) throws -> KeyRequest {
        try KeyRequest(
            wanted, kms: try Identity(octets: account.kms), preSharedKeyName: account.pskName,
            preSharedKey: account.psk,
            now: now, random: random)
    }
}

/// The same octets for each draw of a size: requests with one CSB ID.
struct ConstantRandom: RandomSource {
    let octet: UInt8

    func secretOctets(_ count: Int) -> SecretBytes { SecretBytes([UInt8](repeating: octet, count: count)) }
}

/// `sip:USER@example.com` so many days from the KMS's today.
func dated(_ user: String, _ days: Int64 = 0, domain: String = "example.com") throws -> DatedIdentity {
    DatedIdentity(try Identity("sip:\(user)@\(domain)"), on: TestKMS.now.day.advanced(by: days))
}
