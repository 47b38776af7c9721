import Mailbox
import Observability
import Primitives

/// Tells the log which streams this front holds: each at once when it opens and closes, and all of them again and again in batches,
/// so that a front that dies is forgotten when its leases end.
struct RouteLeases: Sendable {
    let registry: StreamRegistry
    let mailLog: any MailLog
    let front: String
    let lease: Duration
    let log: Log

    /// Says that a stream is open. Throws `StoreError`.
    func open(_ stream: RecipientStream) async throws {
        try await mailLog.append(renewal(open: [stream]))
    }

    /// Says that a stream is closed. What cannot be said ends with the lease.
    func close(_ stream: RecipientStream) async {
        let closed = RouteRenewal.Closed(entity: stream.recipient, stream: stream.id)
        let renewal = RouteRenewal(front: front, leaseMs: leaseMs, closed: [closed])
        do {
            try await mailLog.append(renewal)
        } catch {
            log.warning("route not closed, its lease will end", ["reason": LogValue(error)])
        }
    }

    /// Renews all leases until the task is cancelled.
    func run() async {
        while (try? await Task.sleep(for: lease / 3)) != nil {
            let streams = registry.all
            guard !streams.isEmpty else { continue }
            do {
                try await mailLog.append(renewal(open: streams))
            } catch {
                log.warning("routes not renewed", ["reason": LogValue(error)])
            }
        }
    }

    private var leaseMs: Int64 { Int64(lease / .milliseconds(1)) }

    private func renewal(open streams: [RecipientStream]) -> RouteRenewal {
        RouteRenewal(
            front: front, leaseMs: leaseMs,
            open: streams.map {
                RouteRenewal.Stream(entity: $0.recipient, stream: $0.id, openedAt: $0.openedAt)
            })
    }
}
