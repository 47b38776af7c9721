import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC

/// Serves the stream of a recipient who has proved himself, whoever of the two has called: takes what is pushed into it, and
/// what he says of that.
struct StreamService: Sendable {
    let registry: StreamRegistry
    let leases: RouteLeases
    let mailLog: any MailLog
    let configuration: FrontConfiguration
    let metrics: FrontMetrics
    let log: Log

    /// Serves until the recipient ends the stream. Throws what ends it otherwise.
    /// - Parameter hangUp: ends a stream that the front has opened when nothing moves for a while.
    func serve(
        _ recipient: Identity, _ session: DeliverySession, over link: RecipientLink,
        hangUp: (after: Duration, by: @Sendable () async -> Void)? = nil
    ) async throws {
        let stream = RecipientStream(
            id: try StreamID(octets: configuration.random.octets(16)), recipient: recipient,
            openedAt: configuration.now(), session: session, link: link)
        registry.add(stream)
        metrics.streamsOpened.add()
        metrics.streams.add(1)
        defer { metrics.streams.add(-1) }
        log.info(
            "recipient's stream opened", ["recipient": LogValue(recipient), "dialled": .text("\(hangUp != nil)")])
        let outcome: Result<Void, any Error>
        do {
            try await leases.open(stream)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await answers(link, stream) }
                group.addTask { throw try await stream.end.wait() }
                if let hangUp {
                    group.addTask {
                        try await stream.waitUntilQuiet(for: hangUp.after)
                        await hangUp.by()
                        // He ends his side then.
                        try await Task.sleep(for: .seconds(5))
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        registry.remove(stream.id)
        stream.end.set(RPCStatus(.unavailable, "the stream has closed"))
        // In a task of its own: this one is cancelled when the recipient has hung up, and the route must be closed all the same.
        await Task { await leases.close(stream) }.value
        log.info("recipient's stream closed", ["recipient": LogValue(stream.recipient)])
        try outcome.get()
    }
}
