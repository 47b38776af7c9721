import IdentityBasedEncryption
import Mailbox
import Observability
import Primitives

/// Tells the log which streams this front holds: each at once when it opens and closes, and all of them again and again in batches,
/// so that a front that dies is forgotten when its leases end.
///
/// A front that can dial says so in the same way: it holds a stream of each mailbox service that it answers for, into which
/// nobody pushes. So the routes to a mailbox service are the fronts that can dial in its name.
struct RouteLeases: Sendable {
    let registry: StreamRegistry
    let mailLog: any MailLog
    let front: String
    let lease: Duration
    let log: Log
    /// The mailbox services that the front answers for.
    let services: [Identity]
    /// The front's own name in its routes to them.
    let own: StreamID
    let startedAt: UTCTime

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

    /// Renews all leases until the task is cancelled; those of the mailbox services from when the front can answer for them.
    func run(whenReady keys: MailboxKeys) async {
        var isReady = false
        var renewed: ContinuousClock.Instant?
        while !Task.isCancelled {
            let wasReady = isReady
            isReady = await keys.isReady
            if renewed.map({ $0 + lease / 3 <= .now }) ?? true || isReady != wasReady {
                renewed = .now
                await renew(with: isReady)
            }
            try? await Task.sleep(for: isReady ? lease / 3 : min(lease / 3, .milliseconds(50)))
        }
    }

    /// Says that the front dials no more.
    func leave() async {
        let closed = services.map { RouteRenewal.Closed(entity: $0, stream: own) }
        do {
            try await mailLog.append(RouteRenewal(front: front, leaseMs: leaseMs, closed: closed))
        } catch {
            log.warning("leave not taken, the leases will end", ["reason": LogValue(error)])
        }
    }

    private func renew(with services: Bool) async {
        var renewal = renewal(open: registry.all)
        if services {
            renewal.open += self.services.map {
                RouteRenewal.Stream(entity: $0, stream: own, openedAt: startedAt)
            }
        }
        guard !renewal.open.isEmpty else { return }
        do {
            try await mailLog.append(renewal)
        } catch {
            log.warning("routes not renewed", ["reason": LogValue(error)])
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
