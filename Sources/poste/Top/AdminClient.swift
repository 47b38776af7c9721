import ClusterStatus
import Foundation
import RPC
import WorkPool

/// Asks an admin address for a path: HTTP/1.0 over one connection, as much as `poste top` and `poste health` need.
struct AdminClient: Sendable {
    let address: RPCAddress

    /// The most octets of an answer.
    private static let limit = 32 << 20
    /// How long anything may take, in seconds.
    private static let patience = 5

    /// Why the service there is not ready, or none where it is.
    func lack() async -> String? {
        do {
            let (status, body) = try await onThread { [self] in try get("/readyz") }
            guard status != 200 else { return nil }
            let text = String(decoding: body.prefix(500), as: UTF8.self)
            return "not ready: \(text.trimmingCharacters(in: .whitespacesAndNewlines))"
        } catch {
            return "the admin port \(address) does not answer: \(error)"
        }
    }

    /// The status that is served there.
    func status() async throws -> ClusterStatus {
        let (status, body) = try await onThread { [self] in try get("/status.json") }
        guard status == 200 else { throw CommandFailure(.data, "\(address) answers \(status) to /status.json") }
        do {
            return try JSONDecoder().decode(ClusterStatus.self, from: body)
        } catch {
            throw CommandFailure(.data, "what answers at \(address) is no admin page of this version")
        }
    }

    /// Blocks.
    private func get(_ path: String) throws -> (status: Int, body: Data) {
        let descriptor = try connected()
        defer { close(descriptor) }
        let request = Array("GET \(path) HTTP/1.0\r\nhost: \(address)\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw unreachable()
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw unreachable() }
            if count == 0 { break }
            answer += buffer[..<count]
            guard answer.count <= Self.limit else { throw CommandFailure(.data, "\(address) answers without end") }
        }
        guard let end = Data(answer).range(of: Data("\r\n\r\n".utf8)), answer.starts(with: Array("HTTP/1.".utf8)) else {
            throw CommandFailure(.data, "what answers at \(address) speaks no HTTP")
        }
        let status = Int(String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self)) ?? 0
        return (status, Data(answer[end.upperBound...]))
    }

    private func connected() throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // The list that getaddrinfo makes is its own memory, freed below.
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, String(address.port), &hints, &found) == 0 else {
            throw CommandFailure(.unavailable, "there is no host \(address.host)")
        }
        defer { freeaddrinfo(found) }
        var next = found
        while let candidate = next?.pointee {
            next = candidate.ai_next
            let descriptor = socket(
                candidate.ai_family, candidate.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), candidate.ai_protocol)
            guard descriptor >= 0 else { continue }
            var time = timeval(tv_sec: Self.patience, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
            }
            if connect(descriptor, candidate.ai_addr, candidate.ai_addrlen) == 0 { return descriptor }
            close(descriptor)
        }
        throw unreachable()
    }

    private func unreachable() -> CommandFailure {
        CommandFailure(.unavailable, "nobody answers at \(address): \(String(cString: strerror(errno)))")
    }
}
