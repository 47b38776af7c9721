import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC

/// Has fronts dial contacts: they hold the keys of the mailbox services. Which fronts there are the view says, as the routes to
/// the mailbox service itself.
struct Dialler: Sendable {
    /// How many fronts are asked for one dial, where some do not answer.
    private static let frontsAsked = 3

    let view: any MailboxView
    let partitionCount: Int
    let channels: FrontChannels
    let configuration: DeliveryConfiguration
    /// Of all partitions.
    let places: Limiter
    let counters: DeliveryCounters
    let metrics: DeliveryMetrics
    let log: Log

    /// Dials once. Nil where the task was cancelled.
    func dial(_ recipient: Identity, at contact: String) async -> ReachSchedule.DialEnd? {
        guard let address = RPCAddress(contact), address.port > 0, let mailbox = recipient.mailbox else {
            counters.add { $0.unusableContacts += 1 }
            metrics.dials["unusable"].add()
            log.info("contact is no HOST:PORT", ["recipient": LogValue(recipient), "contact": .text(contact)])
            return .notProven
        }
        guard let place = try? await places.place() else { return nil }
        defer { place.leave() }
        counters.add { $0.dials += 1 }
        guard let end = await ask(for: recipient, mailbox, contact) else { return nil }
        metrics.count(end)
        counters.add { counts in
            switch end {
            case .open: counts.dialsOpen += 1
            case .unreachable: counts.dialsUnreachable += 1
            case .notProven: counts.dialsNotProven += 1
            case .noFront: counts.dialsWithoutFront += 1
            }
        }
        return end
    }

    private func ask(
        for recipient: Identity, _ mailbox: Identity, _ contact: String
    ) async -> ReachSchedule.DialEnd? {
        let home = Partitioner.partition(of: mailbox, count: partitionCount)
        var fronts: [String]
        do {
            fronts = try await view.routes(to: mailbox, partition: home, now: configuration.now()).map(\.front)
            // Where this worker's clock is ahead, all leases seem to have ended.
            if fronts.isEmpty {
                fronts = try await view.routes(to: mailbox, partition: home, now: configuration.leaseTime).map(\.front)
            }
        } catch {
            log.warning("fronts not known", ["reason": LogValue(error)])
            return .noFront
        }
        for front in Set(fronts).shuffled().prefix(Self.frontsAsked) {
            do {
                let answer = try await channels.channel(to: front).call(
                    Methods.dial, DialRequest(recipient: recipient.octets, contact: contact),
                    deadline: configuration.dialPatience)
                log.info(
                    "contact dialled",
                    [
                        "recipient": LogValue(recipient), "contact": .text(contact), "front": .text(front),
                        "outcome": .text("\(answer.outcome)"), "reason": .text(answer.reason),
                    ])
                switch answer.outcome {
                case .open: return .open
                case .unreachable: return .unreachable
                case .notProven, .unknown: return .notProven
                }
            } catch {
                guard !Task.isCancelled else { return nil }
                if (error as? RPCStatus)?.code == .unavailable { channels.forget(front) }
                log.info("front does not dial", ["front": .text(front), "reason": .text("\(error)")])
            }
        }
        return .noFront
    }
}
