import Foundation
import IdentityBasedEncryption
import LocalCluster
import Observability
import RPC

/// What every service of a cluster is told.
struct ServiceOptions: Sendable {
    let folder: ClusterFolder
    let log: Log
    private(set) var passphraseFile: String?
    let insecureTestLevel: Bool
    let readyFile: String?
    let stores: StoreLocation
    let identity: ServiceIdentity
    let metrics = MetricRegistry()
    let tracing: Tracing
    /// Where the admin page is served; none for nowhere.
    let admin: RPCAddress?

    static let all: [Option] = [
        .cluster, .home, .tls, .passphraseFile, .insecureTestLevel, .logLevel, .logFormat, .readyFile, .admin
    ] + Option.tracing

    init(_ arguments: Arguments, component: String) throws {
        folder = try arguments.clusterFolder()
        identity = try arguments.value("tls").map(ServiceIdentity.init(folder:)) ?? .issued(by: folder)
        log = try arguments.log(component).counted(in: metrics)
        admin = try arguments.adminAddress()
        tracing = try arguments.tracing(component, metrics: metrics, log: log)
        passphraseFile = arguments.value("passphrase-file")
        insecureTestLevel = arguments.has("insecure-test-level")
        readyFile = arguments.value("ready-file")
        stores = try arguments.storeLocation(component: component, log: log, metrics: metrics)
    }

    /// The same with another passphrase.
    func with(passphraseFile file: String) -> ServiceOptions {
        var options = self
        options.passphraseFile = file
        return options
    }

    /// Says where the service listens, to people and to the `--ready-file`.
    func announce(_ role: String, _ addresses: [String: String]) throws {
        if let readyFile {
            try ReadyNotice(role: role, pid: getpid(), addresses: addresses).write(to: readyFile)
        }
        let list = addresses.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        say("\(role) is ready: \(list)")
    }
}

extension Option {
    static let cluster = Option(
        "cluster", .value("FOLDER"), "what the cluster's roles share on this machine: certificates, keys, store",
        default: "HOME/dev")
    static let readyFile = Option(
        "ready-file", .value("FILE"), "a file to write as JSON once the service serves: role, pid, addresses")
    static let domains = Option(
        "domain", .values("DOMAIN"), "a domain whose mailboxes are served; may be repeated", default: "example.com")
}

extension Arguments {
    /// The folder of `--home`, with `~` written out.
    var homePath: String {
        let path = value("home") ?? "~/.poste"
        return path == "~" || path.hasPrefix("~/") ? NSHomeDirectory() + path.dropFirst() : path
    }

    /// The folder of `--cluster`.
    func clusterFolder() throws -> ClusterFolder { try ClusterFolder(path: value("cluster") ?? homePath + "/dev") }

    func log(_ component: String) throws -> Log {
        let levelName = value("log-level") ?? "info"
        guard let level = Log.Level(name: levelName) else {
            throw usage("--log-level is debug, info, warning or error, not \(levelName)")
        }
        guard let format = Log.Format(rawValue: value("log-format") ?? "text") else {
            throw usage("--log-format is text or json")
        }
        return Log(component: component, level: level, format: format)
    }

    /// `--domain`, each one checked.
    func domainNames() throws -> [String] {
        let domains = values("domain").isEmpty ? ["example.com"] : values("domain")
        for domain in domains where (try? Identity("sip:mailbox@\(domain)"))?.domain != domain {
            throw usage("--domain takes a name of letters, digits, '-' and '.', not \(domain)")
        }
        return domains
    }

    /// An option's `HOST:PORT`.
    func address(_ name: String, default standard: String) throws -> RPCAddress {
        let text = value(name) ?? standard
        guard let address = RPCAddress(text) else { throw usage("--\(name) takes HOST:PORT, not \(text)") }
        return address
    }

    /// An option's networks; nil where it is not given.
    func networks(_ name: String) throws -> RPCNetworks? {
        guard let text = value(name) else { return nil }
        guard let networks = RPCNetworks(text) else {
            throw usage("--\(name) takes networks such as 192.0.2.0/24,2001:db8::/32, not \(text)")
        }
        return networks
    }

    /// The security level of new parameters.
    func securityLevel() throws -> SecurityLevel {
        let number = value("level") ?? "3072"
        guard let level = Int(number).flatMap(SecurityLevel.init(rawValue:)) else {
            throw usage("--level is 2048, 3072 or 7680, not \(number)")
        }
        return level
    }
}

extension ServiceOptions {
    /// Runs services until one fails or the process is asked to stop, and has their spans sent, the last ones too.
    func runUntilStopped(_ services: [@Sendable () async throws -> Void]) async throws {
        try await tracing.during { try await poste.runUntilStopped(services) }
    }
}

/// Runs services side by side until one fails or the process is asked to stop; then all of them end in good order.
func runUntilStopped(_ services: [@Sendable () async throws -> Void]) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await StopSignal.wait() }
        if let parent = ParentProcess.pid { group.addTask { await ParentProcess.waitForEnd(of: parent) } }
        for service in services { group.addTask { try await service() } }
        defer { group.cancelAll() }
        try await group.next()
        group.cancelAll()
        while let _ = try? await group.next() {}
    }
}
