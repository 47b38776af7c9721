import MailboxAPI
import Primitives
import RPC
import Synchronization

/// Calls services, again where that can help, and always with the same octets: a repeat gets the same answer
/// (docs/protocol.md choice 17).
final class RetryingCaller: Sendable {
    /// An answer, and who gave it.
    struct Answer<Message: Sendable>: Sendable {
        let message: Message
        let address: String
    }

    private static let patience = Duration.seconds(15)

    let services: Services
    let budget: Duration
    let now: @Sendable () -> UTCTime
    private let observe: @Sendable (ClientEvent) -> Void
    private let turn = Mutex(Int.random(in: 0..<1024))

    init(
        _ services: Services, budget: Duration, now: @escaping @Sendable () -> UTCTime = MailboxClient.systemTime,
        observe: @escaping @Sendable (ClientEvent) -> Void
    ) {
        self.services = services
        self.budget = budget
        self.now = now
        self.observe = observe
    }

    /// Which front is next: they are used in turn.
    func nextFront() -> Int {
        turn.withLock { turn in
            turn += 1
            return turn
        }
    }

    /// Calls a method of the KMS. Throws `MailboxClientError`.
    func kms<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ request: Request, metadata: RPCMetadata = [:]
    ) async throws -> Answer<Response> {
        try await call("KMS", method, request, metadata) { _ in try services.kms() }
    }

    /// Calls a method of the front with this number, and where that fails of those behind it.
    ///
    /// Throws `MailboxClientError`.
    func front<Request, Response>(
        _ number: Int, _ method: UnaryMethod<Request, Response>, _ request: Request, metadata: RPCMetadata = [:]
    ) async throws -> Answer<Response> {
        try await call("mailbox", method, request, metadata) { try services.front(number + $0) }
    }

    private func call<Request, Response>(
        _ service: String, _ method: UnaryMethod<Request, Response>, _ request: Request, _ metadata: RPCMetadata,
        _ channel: (Int) throws -> RPCChannel
    ) async throws -> Answer<Response> {
        var schedule = RetrySchedule(budget: budget)
        var attempt = 0
        while true {
            let failure: RPCStatus
            do {
                let channel = try channel(attempt)
                let message = try await channel.call(method, request, deadline: Self.patience, metadata: metadata)
                return Answer(message: message, address: channel.address)
            } catch let status as RPCStatus {
                failure = status
            } catch MailboxClientError.unavailable(_, let reason) {
                failure = RPCStatus(.unavailable, reason)
            }
            attempt += 1
            try await pause(&schedule, after: failure, of: service)
        }
    }

    /// Waits as the schedule says; throws what failed where it says to give up, and `.cancelled` in a cancelled task.
    func pause(_ schedule: inout RetrySchedule, after failure: RPCStatus, of service: String) async throws {
        guard !Task.isCancelled else { throw MailboxClientError.cancelled }
        guard let pause = schedule.pause(after: failure) else { throw MailboxClientError(failure, of: service) }
        observe(.retrying(service: service, reason: failure.message, pause: pause))
        services.refresh()
        do { try await Task.sleep(for: pause) } catch { throw MailboxClientError.cancelled }
    }
}
