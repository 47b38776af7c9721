import Foundation
import Primitives
import RPC

/// The server's side, a process of its own: `RPCBenchmark serve`. It prints where its port and roots are and serves until its
/// standard input ends.
enum BenchmarkServer {
    struct Ports: Codable {
        let tls: Int
        let plaintext: Int
        let rootsPEM: String
    }

    static func serve() async throws {
        let now = UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let authority = try CertificateAuthority(commonName: "Benchmark authority", now: now)
        let certificate = try RPCCertificate(authority.issue(commonName: "leaf", hosts: ["127.0.0.1"], now: now))
        let tls = try server(.tls(certificate, clients: .none))
        let plaintext = try server(.plaintext)
        let ports = Ports(tls: tls.port, plaintext: plaintext.port, rootsPEM: authority.certificatePEM)
        FileHandle.standardOutput.write(try JSONEncoder().encode(ports) + Data("\n".utf8))
        // Ends with its parent. A thread of its own waits, none of the pool.
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                _ = FileHandle.standardInput.readDataToEndOfFile()
                continuation.resume()
            }
        }
        await tls.shutdown(grace: .zero)
        await plaintext.shutdown(grace: .zero)
    }

    private static func server(_ security: RPCServerConfiguration.Security) throws -> RPCServer {
        let echo = RPCService(
            name: "bench.Echo",
            methods: [
                .unary("Unary") { request, _ in request },
                .clientStreaming("Take") { requests, _ in
                    for try await _ in requests {}
                    return []
                },
                .bidirectional("Chat") { requests, responses, _ in
                    for try await request in requests { try await responses.send(request) }
                },
            ])
        return try RPCServer(
            RPCServerConfiguration(host: "127.0.0.1", port: 0, security: security), services: [echo])
    }
}
