import Foundation
import Mailbox
import Primitives
import RedisStore
import StoreBehaviour

/// The fault of a call, or none.
func fault(_ body: () async throws -> Void) async -> StoreError? {
    do {
        try await body()
        return nil
    } catch { return error as? StoreError ?? StoreError(.misuse, "another error: \(error)") }
}

/// Waits until a call succeeds; gives its last fault where it does not.
func patiently(_ seconds: Int, _ body: () async throws -> Void) async -> StoreError? {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
        let last = await fault(body)
        if last == nil || ContinuousClock.now > deadline { return last }
        try? await Task.sleep(for: .milliseconds(20))
    }
}

func position(_ number: UInt64) -> ViewPosition {
    ViewPosition(
        log: "log", next: LogPosition(envelopes: number, presence: number),
        asOf: UTCTime(milliseconds: 1_796_117_402_000))
}

func sessionKey(_ name: String) -> SessionKey { SessionKey(kind: .session, name: Array(name.utf8)) }

/// A host that is no Redis: it says its octets to whoever connects, and stays.
final class Stranger: Sendable {
    let endpoint: RedisEndpoint
    private let descriptor: Int32

    init(saying octets: [UInt8]) {
        let listener = RedisServer.listen()
        descriptor = listener.descriptor
        endpoint = RedisEndpoint(host: "127.0.0.1", port: listener.port)
        let accepting = listener.descriptor
        Thread {
            signal(SIGPIPE, SIG_IGN)
            while true {
                let connection = accept(accepting, nil, nil)
                guard connection >= 0 else { return }
                _ = octets.withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
            }
        }.start()
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}
