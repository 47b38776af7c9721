import Foundation
import Primitives
import RPC
import Synchronization
import Testing

/// A server with a method of each kind, and what tests need to reach it.
struct EchoServer: Sendable {
    static let now = UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))

    let server: RPCServer
    let rootsPEM: String
    let events = Events()

    private static let authority = Result { try CertificateAuthority(commonName: "Test authority", now: now) }

    static func credentials(uris: [String] = []) throws -> TLSCredentials {
        try authority.get().issue(commonName: "echo", hosts: ["localhost", "127.0.0.1"], uris: uris, now: now)
    }

    static func rootsPEM() throws -> String {
        try authority.get().certificatePEM
    }

    /// Over TLS with a certificate for localhost, unless told otherwise.
    init(
        security: RPCServerConfiguration.Security? = nil, port: Int = 0,
        configure: (inout RPCServerConfiguration) -> Void = { _ in }
    ) throws {
        rootsPEM = try Self.rootsPEM()
        let tls = try RPCServerConfiguration.Security.tls(RPCCertificate(Self.credentials()), clients: .none)
        var configuration = RPCServerConfiguration(host: "127.0.0.1", port: port, security: security ?? tls)
        let events = self.events
        configuration.observe = { events.add($0) }
        configure(&configuration)
        server = try RPCServer(configuration, services: [Self.service(events)])
    }

    /// A channel to the server, with TLS.
    func channel(
        credentials: TLSCredentials? = nil, configure: (inout RPCChannelConfiguration) -> Void = { _ in }
    ) throws -> RPCChannel {
        var configuration = RPCChannelConfiguration(
            host: "127.0.0.1", port: server.port, security: .tls(rootsPEM: rootsPEM, credentials: credentials))
        configure(&configuration)
        return try RPCChannel(configuration)
    }

    private static func service(_ events: Events) -> RPCService {
        RPCService(
            name: "test.Echo",
            methods: [
                .unary("Echo") { request, _ in request },
                .unary("Who") { _, context in
                    let parts = [context.peerAddress, context.metadata["x-trace"] ?? "-"] + context.peerNames
                    return Array(parts.joined(separator: " ").utf8)
                },
                .unary("Fail") { _, _ in
                    throw RPCStatus(.failedPrecondition, "no: try “yes”", retryAfterMs: 1234)
                },
                .unary("Fault") { _, _ in throw Fault() },
                .unary("Sleep") { _, _ in
                    events.note("sleeping")
                    do {
                        try await Task.sleep(for: .seconds(30))
                    } catch {
                        events.note("sleeper cancelled")
                        throw error
                    }
                    return []
                },
                .unary("Nap") { request, _ in
                    try await Task.sleep(for: .milliseconds(200))
                    return request
                },
                .unary("Left") { _, context in
                    guard let deadline = context.deadline else { return Array("never".utf8) }
                    return Array("\((deadline - .now) / .milliseconds(1))".split(separator: ".")[0].utf8)
                },
                .clientStreaming("Ignore") { _, _ in
                    try await Task.sleep(for: .seconds(30))
                    return []
                },
                .clientStreaming("Count") { requests, _ in
                    var octets = 0
                    for try await request in requests { octets += request.count }
                    return Array(String(octets).utf8)
                },
                .clientStreaming("First") { requests, _ in try await requests.next() ?? [] },
                .serverStreaming("Repeat") { request, responses, _ in
                    for _ in 0..<(Int(String(decoding: request, as: UTF8.self)) ?? 0) {
                        try await responses.send(request)
                    }
                },
                .serverStreaming("Flood") { _, responses, _ in
                    let chunk = [UInt8](repeating: 7, count: 16_384)
                    while true {
                        try await responses.send(chunk)
                        events.note("flooded")
                    }
                },
                .bidirectional("Chat") { requests, responses, _ in
                    do {
                        for try await request in requests { try await responses.send(request) }
                        events.note("chat ended")
                    } catch {
                        events.note("chat broken: \(error)")
                        throw error
                    }
                },
                .serverStreaming("Crowd") { _, responses, _ in
                    // Two writers, of which one is cancelled again and again: the other goes on.
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { for _ in 0..<2000 { try await responses.send([1]) } }
                        group.addTask {
                            while !Task.isCancelled {
                                let other = Task { try await responses.send([0]) }
                                await Task.yield()
                                other.cancel()
                                _ = await other.result
                            }
                        }
                        defer { group.cancelAll() }
                        try await group.next()
                    }
                    // What a cancelled writer has begun to send is under way still: this takes its turn behind it.
                    try await responses.send([2])
                },
                .bidirectional("Tick") { requests, responses, _ in
                    // A reader beside a writer: when the writer is done the reader stops waiting.
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { while try await requests.next() != nil {} }
                        for tick in UInt8(0)..<5 { try await responses.send([tick]) }
                        group.cancelAll()
                        while let result = await group.nextResult() { _ = result }
                    }
                },
            ])
    }
}

struct Fault: Error, Equatable {}

/// What happened, in order, for tests to wait for.
final class Events: Sendable {
    private let state = Mutex<(notes: [String], records: [RPCCallRecord])>(([], []))

    func note(_ text: String) { state.withLock { $0.notes.append(text) } }
    func add(_ record: RPCCallRecord) { state.withLock { $0.records.append(record) } }
    var notes: [String] { state.withLock { $0.notes } }
    var records: [RPCCallRecord] { state.withLock { $0.records } }

    /// Whether the condition holds before five seconds have passed.
    func eventually(_ condition: @Sendable (Events) -> Bool) async -> Bool {
        for _ in 0..<1000 {
            if condition(self) { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return false
    }
}

func text(_ octets: [UInt8]?) -> String? { octets.map { String(decoding: $0, as: UTF8.self) } }

/// The status that the body throws.
func thrown<Result>(_ body: () async throws -> Result) async -> RPCStatus? {
    do {
        _ = try await body()
        Issue.record("nothing was thrown")
    } catch {
        if let status = error as? RPCStatus { return status }
        Issue.record("another error was thrown: \(error)")
    }
    return nil
}
