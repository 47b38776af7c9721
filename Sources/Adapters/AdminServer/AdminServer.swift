import CMicrohttpd
import Glibc
import Synchronization

/// A small HTTP server for operators and their programs, on one thread of its own: GET and HEAD of a few fixed paths, nothing else.
///
/// It has no TLS and asks nobody who he is: let it listen on loopback, or on a network of operators.
public final class AdminServer: Sendable {
    /// Answers a path; runs on the server's thread, one request at a time, so it must not wait.
    public typealias Page = @Sendable () -> AdminResponse

    /// The port that it listens on.
    public let port: Int
    private let daemon: Daemon

    /// Connections at a time; further ones wait.
    static let connections: UInt32 = 64
    /// A connection that says nothing for so long is closed.
    static let timeoutSeconds: UInt32 = 15
    /// Octets that the head of a request and of its answer may take, and those of a body that is passed over; a longer request is refused.
    static let memory = 16 << 10

    /// Listens and serves the pages by their paths, which begin with `/`; a query behind a path is passed over.
    ///
    /// - Parameter port: 0 takes any free one.
    /// - Throws: `AdminServerError` where it cannot.
    public init(host: String, port: Int, pages: [String: Page]) throws(AdminServerError) {
        let daemon = Daemon(pages)
        self.port = try daemon.start(host, port)
        self.daemon = daemon
    }

    deinit { daemon.stop() }

    /// Takes no more requests, and returns when those under way are answered or cut off. Blocks for a moment.
    public func stop() { daemon.stop() }
}

/// libmicrohttpd's daemon and what its thread answers with.
private final class Daemon: Sendable {
    private let pages: [String: AdminServer.Page]
    /// The library's own object; it is thread safe, and used for nothing but to stop it, once.
    private struct Running: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let running = Mutex<Running?>(nil)

    init(_ pages: [String: AdminServer.Page]) { self.pages = pages }

    func start(_ host: String, _ port: Int) throws(AdminServerError) -> Int {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(host, String(port), &hints, &found)
        guard failure == 0, let address = found?.pointee.ai_addr else {
            throw .cannotListen("\(host):\(port)", String(cString: gai_strerror(failure)))
        }
        // The list that getaddrinfo makes is its own memory.
        defer { freeaddrinfo(found) }
        errno = 0
        // The thread uses it until `stop` has returned, which whoever holds the server calls.
        let context = Unmanaged.passUnretained(self).toOpaque()
        guard
            let pointer = cmicrohttpd_start(
                address, answer, context, AdminServer.connections, AdminServer.timeoutSeconds, AdminServer.memory)
        else {
            throw .cannotListen(
                "\(host):\(port)", errno == 0 ? "the system refused it" : String(cString: strerror(errno)))
        }
        running.withLock { $0 = Running(pointer: pointer) }
        return Int(cmicrohttpd_port(pointer))
    }

    func stop() {
        let running = running.withLock { running in
            defer { running = nil }
            return running
        }
        if let running { MHD_stop_daemon(running.pointer) }
    }

    func page(_ path: String) -> AdminResponse {
        pages[path]?()
            ?? .text("there is no \(path) here; there are \(pages.keys.sorted().joined(separator: " "))\n", status: 404)
    }
}

/// The library calls this when it has a request's head, for each part of a body, and at the end, where the answer is due. A body is
/// passed over as long as it is small: who is answered before he has sent it all may see a reset instead of the answer.
private func answer(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ path: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?, _ body: UnsafePointer<CChar>?, _ bodySize: UnsafeMutablePointer<Int>?,
    _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context, let connection, let path, let method, let bodySize, let state else {
        return cmicrohttpd_hang_up()
    }
    // The request's own pointer is used as a number: 1 after the head, and 1 more for each octet of a body.
    guard let seen = state.pointee.map(Int.init(bitPattern:)) else {
        state.pointee = UnsafeMutableRawPointer(bitPattern: 1)
        return cmicrohttpd_go_on()
    }
    guard bodySize.pointee == 0 else {
        guard seen + bodySize.pointee <= AdminServer.memory else { return cmicrohttpd_hang_up() }
        state.pointee = UnsafeMutableRawPointer(bitPattern: seen + bodySize.pointee)
        bodySize.pointee = 0
        return cmicrohttpd_go_on()
    }
    let word = String(cString: method)
    guard word == "GET" || word == "HEAD" else {
        var refusal = AdminResponse.text("only GET and HEAD are answered here\n", status: 405)
        refusal.fields = [.init(name: "allow", value: "GET, HEAD")]
        return send(refusal, connection)
    }
    let daemon = Unmanaged<Daemon>.fromOpaque(context).takeUnretainedValue()
    return send(daemon.page(String(decoding: String(cString: path).utf8.prefix(256), as: UTF8.self)), connection)
}

private func send(_ answer: AdminResponse, _ connection: OpaquePointer) -> MHD_Result {
    let made = answer.body.withUnsafeBytes { cmicrohttpd_response($0.baseAddress, $0.count) }
    guard let response = made else { return cmicrohttpd_hang_up() }
    defer { MHD_destroy_response(response) }
    let fields =
        answer.fields + [
            .init(name: "content-type", value: answer.mediaType), .init(name: "cache-control", value: "no-store"),
            .init(name: "x-content-type-options", value: "nosniff"),
        ]
    for field in fields { MHD_add_response_header(response, field.name, field.value) }
    return MHD_queue_response(connection, UInt32(answer.status), response)
}

/// Why the admin server does not start.
public enum AdminServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where, and what the system says.
    case cannotListen(String, String)

    /// Names the fault and says what to do.
    public var description: String {
        switch self {
        case .cannotListen(let address, let reason):
            "cannot listen on \(address) for the admin page: \(reason); choose another address with --admin"
        }
    }
}
