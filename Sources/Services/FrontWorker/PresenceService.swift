import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import RPC

/// `Mailbox.PublishPresence`: brings presence events to the log.
struct PresenceService: Sendable {
    /// The most events of one call.
    static let limit = 1000

    let mailLog: any MailLog
    /// The mailbox services that this front answers for.
    let mailboxes: Set<Identity>
    let metrics: FrontMetrics
    let log: Log

    /// All events are read before one is taken. Throws `RPCStatus`.
    func publish(_ request: PublishPresenceRequest) async throws -> PublishPresenceResponse {
        do {
            guard request.events.count <= Self.limit else {
                throw RPCStatus(.invalidArgument, "at most \(Self.limit) events in one call")
            }
            let events = try request.events.map { try PresenceEvent(json: Array($0.utf8)) }
            if let foreign = events.first(where: { $0.entity.mailbox.map { !mailboxes.contains($0) } ?? true }) {
                throw FrontFault.noMailbox(foreign.entity)
            }
            for event in events {
                try await mailLog.append(event)
                metrics.presence[event.isOpen ? "open" : "closed"].add()
            }
            log.info("presence published", ["events": LogValue(events.count)])
            return PublishPresenceResponse(accepted: UInt32(events.count))
        } catch {
            throw FrontFault.status(for: error, log: log)
        }
    }
}
