import AdminServer
import Foundation
import Glibc
import Observability
import Synchronization
import Testing

@Suite struct AdminServerTests {
    @Test func metricsHealthAndReadinessAreServed() throws {
        let metrics = MetricRegistry()
        metrics.counter("poste_things_total", "Things.").add(7)
        let readiness = Readiness(waitingFor: ["log"])
        let server = try AdminServer(
            host: "127.0.0.1", port: 0, pages: AdminServer.standardPages(metrics: metrics, readiness: readiness))
        defer { server.stop() }

        let scrape = try server.ask("GET /metrics?x=1 HTTP/1.1")
        #expect(scrape.status == 200 && scrape.body.contains("poste_things_total 7\n"))
        #expect(scrape.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"))
        #expect(try server.ask("GET /healthz HTTP/1.1").body == "ok\n")

        let before = try server.ask("GET /readyz HTTP/1.1")
        #expect(before.status == 503 && before.body == "log: not yet\n")
        readiness.ready("log")
        #expect(try server.ask("GET /readyz HTTP/1.1").status == 200)
        readiness.lacking("log", "no broker answers")
        #expect(try server.ask("GET /readyz HTTP/1.1").body == "log: no broker answers\n")
        // It still lives.
        #expect(try server.ask("GET /healthz HTTP/1.1").status == 200)
    }

    @Test func onlyGETAndHEADOfWhatIsThereAreAnswered() throws {
        let asked = Mutex(0)
        let server = try AdminServer(
            host: "127.0.0.1", port: 0,
            pages: [
                "/page": {
                    asked.withLock { $0 += 1 }
                    return .text("four")
                }
            ])
        defer { server.stop() }
        let head = try server.ask("HEAD /page HTTP/1.1")
        #expect(head.status == 200 && head.body.isEmpty && head.head.contains("content-length: 4"))
        #expect(asked.withLock { $0 } == 1)
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
            let refused = try server.ask("\(method) /page HTTP/1.1", "content-length: 3", body: "abc")
            #expect(refused.status == 405 && refused.head.contains("allow: get, head"), "\(method)")
        }
        #expect(try server.ask("GET /nothing HTTP/1.1").status == 404)
        #expect(try server.ask("GET /nothing HTTP/1.1").body.contains("/page"))
        #expect(asked.withLock { $0 } == 1)
    }

    @Test func tooLargeRequestsAndGarbageAreRefusedAndOthersServed() throws {
        let server = try AdminServer(host: "127.0.0.1", port: 0, pages: ["/": { .text("here") }])
        defer { server.stop() }
        let long = try? server.ask("GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1")
        #expect(long?.status != 200)
        let fields = (0..<2000).map { "x-field-\($0): \(String(repeating: "b", count: 50))" }
        #expect((try? server.ask(["GET / HTTP/1.1"] + fields))?.status != 200)
        #expect((try? server.ask("\u{1}\u{2}\u{3}"))?.status != 200)
        let upload = String(repeating: "c", count: 10_000_000)
        #expect((try? server.ask("POST / HTTP/1.1", "content-length: 10000000", body: upload))?.status != 200)
        #expect(try server.ask("GET / HTTP/1.1").body == "here")
    }

    @Test func silentConnectionsDoNotKeepOthersOutNorHoldUpTheEnd() throws {
        let server = try AdminServer(host: "127.0.0.1", port: 0, pages: ["/": { .text("here") }])
        let silent = try (0..<16).map { _ in try server.connect() }
        defer { silent.forEach { close($0) } }
        #expect(try server.ask("GET / HTTP/1.1").body == "here")
        let start = ContinuousClock.now
        server.stop()
        server.stop()
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(throws: (any Error).self) { try server.ask("GET / HTTP/1.1") }
    }

    @Test func aPortInUseIsNamed() throws {
        let first = try AdminServer(host: "127.0.0.1", port: 0, pages: [:])
        defer { first.stop() }
        do {
            _ = try AdminServer(host: "127.0.0.1", port: first.port, pages: [:])
            Issue.record("two servers listen on one port")
        } catch {
            #expect(
                error.description.contains("127.0.0.1:\(first.port)") && error.description.contains("in use"),
                "\(error)")
        }
        #expect(throws: AdminServerError.self) { try AdminServer(host: "no.such.host.invalid", port: 0, pages: [:]) }
    }
}

struct Answer {
    var status: Int
    /// In lower case.
    var head: String
    var body: String
}

extension AdminServer {
    func connect() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        let failed = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard failed == 0 else {
            close(descriptor)
            throw POSIXError(.ECONNREFUSED)
        }
        return descriptor
    }

    func ask(_ lines: String..., body: String = "") throws -> Answer { try ask(lines, body: body) }

    func ask(_ lines: [String], body: String = "") throws -> Answer {
        let descriptor = try connect()
        defer { close(descriptor) }
        let request = (lines + ["host: test", "connection: close", "", body]).joined(separator: "\r\n")
        _ = request.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { octets += buffer[..<count] }
        let text = String(decoding: octets, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n"), let status = Int(text.dropFirst(9).prefix(3)) else {
            throw POSIXError(.ECONNRESET)
        }
        return Answer(status: status, head: text[..<end.lowerBound].lowercased(), body: String(text[end.upperBound...]))
    }
}
