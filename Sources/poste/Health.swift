import Foundation
import MailboxAPI
import RPC

extension Command {
    /// `poste health`
    static let health = Command(
        name: "health", summary: "asks a service whether it is ready, for supervisors and health checks",
        synopsis: "[HOST:PORT]", words: 0...1,
        discussion: """
            Asks HOST:PORT by grpc.health.v1, over TLS; without it, asks for /readyz at the admin port of a role on this machine.
            Ends with status 0 where the service is ready, 69 where it is not. Needs no shell and no other program.
            """,
        examples: [
            ("poste health --admin 127.0.0.1:9400", "whether the role with this admin port is ready"),
            ("poste health front.example.com:7401 --roots ca.crt --wait 60s", "waits for a front, or a proxy before fronts"),
        ],
        options: [
            Option("admin", .value("HOST:PORT"), "the admin port of the role", default: "127.0.0.1:9400"),
            Option("roots", .value("FILE"), "certificates in PEM that are trusted as roots"),
            Option("name", .value("HOST"), "the host that the certificate has, where it is not the one that is asked"),
            Option("wait", .value("TIME"), "how long to ask again until it is ready", default: "0s"),
        ],
        run: askHealth)

    @Sendable private static func askHealth(_ arguments: Arguments) async throws {
        let probe = try arguments.probe()
        let deadline = ContinuousClock.now + .seconds(try arguments.seconds("wait", default: 0))
        while let fault = await probe() {
            guard ContinuousClock.now < deadline else { throw CommandFailure(.unavailable, fault) }
            try await Task.sleep(for: .milliseconds(250))
        }
        say("ready")
    }
}

extension Arguments {
    /// Asks once; says why it is not ready.
    fileprivate func probe() throws -> @Sendable () async -> String? {
        guard let word = words.first else {
            let admin = try address("admin", default: "127.0.0.1:9400")
            // Who listens on all addresses listens on this one.
            let host = ["0.0.0.0", "::"].contains(admin.host) ? "127.0.0.1" : admin.host
            let client = AdminClient(address: RPCAddress(host: host, port: admin.port))
            return { await client.lack() }
        }
        guard let target = RPCAddress(word) else { throw usage("a service is HOST:PORT, not \(word)") }
        guard let roots = value("roots") else { throw usage("--roots says which certificates are trusted") }
        var configuration = RPCChannelConfiguration(
            host: target.host, port: target.port, security: .tls(rootsPEM: try textFile(roots)))
        configuration.serverName = value("name")
        let channel = try RPCChannel(configuration)
        return {
            do {
                let answer = try await channel.call(
                    Methods.checkHealth, HealthCheckRequest(), deadline: .seconds(5), waitsForReady: true)
                return answer.status == .serving ? nil : "\(target) answers, and is not ready: \(answer.status)"
            } catch {
                return "\(target) does not answer: \((error as? RPCStatus)?.message ?? "\(error)")"
            }
        }
    }
}
