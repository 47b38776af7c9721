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
            return { await AdminProbe(host: host, port: admin.port).fault() }
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

/// One GET of /readyz in plain HTTP, as the admin port speaks it.
private struct AdminProbe {
    let host: String
    let port: Int

    func fault() async -> String? {
        do {
            return try await onThread { [self] in try ask() }
        } catch {
            return "the admin port \(RPCAddress(host: host, port: port)) does not answer: \(error)"
        }
    }

    /// Blocks, for at most some seconds.
    private func ask() throws -> String? {
        let descriptor = try connected()
        defer { close(descriptor) }
        let request = Array("GET /readyz HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { throw fault(errno) }
        var answer: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while answer.count < 1 << 16 {
            let count = recv(descriptor, &part, part.count, 0)
            guard count >= 0 else { throw fault(errno) }
            if count == 0 { break }
            answer += part.prefix(count)
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.") else { return "the admin port \(RPCAddress(host: host, port: port)) speaks no HTTP" }
        if text.split(separator: " ", maxSplits: 2).dropFirst().first == "200" { return nil }
        let body = text.firstRange(of: "\r\n\r\n").map { text[$0.upperBound...] } ?? ""
        return "not ready: \(body.trimmingCharacters(in: .whitespacesAndNewlines).prefix(500))"
    }

    private func connected() throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let first = found else {
            throw CommandFailure(.unavailable, "no such host")
        }
        defer { freeaddrinfo(first) }
        let descriptor = socket(first.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 3, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard connect(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 else {
            let reason = errno
            close(descriptor)
            throw fault(reason)
        }
        return descriptor
    }

    private func fault(_ number: Int32) -> CommandFailure { CommandFailure(.unavailable, String(cString: strerror(number))) }
}
