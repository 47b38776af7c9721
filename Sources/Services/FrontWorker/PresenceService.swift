import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import RPC

/// `Mailbox.PublishPresence`: brings presence events to the log, from the one whom they are about. The cluster dials the contact
/// that an event names, and so nobody else may name one here (docs/protocol.md choice 28).
struct PresenceService: Sendable {
    /// The most events of one call.
    static let limit = 1000

    let mailLog: any MailLog
    let vault: SessionVault
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
            let texts = request.events.map { Array($0.utf8) }
            let events = try texts.map { try PresenceEvent(json: $0) }
            if let foreign = events.first(where: { $0.entity.mailbox.map { !mailboxes.contains($0) } ?? true }) {
                throw FrontFault.noMailbox(foreign.entity)
            }
            let author = try await author(of: texts, request.proof)
            guard events.allSatisfy({ $0.entity == author }) else {
                throw RPCStatus(.permissionDenied, "\(author) speaks of nobody but himself")
            }
            // Or a call that is repeated would bring an old contact back.
            guard events.allSatisfy({ $0.timestamp != nil }) else {
                throw RPCStatus(.invalidArgument, "an event with a proof needs its timestamp")
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

    /// Who proves that the events are his.
    private func author(of events: [[UInt8]], _ proof: PresenceProof?) async throws -> Identity {
        guard let proof else {
            throw RPCStatus(
                .permissionDenied,
                "a front takes presence from the one whom it is about, with a proof; others write to the presence topic")
        }
        guard proof.csbID.count == 4, proof.mac.count == 32 else {
            throw RPCStatus(.invalidArgument, "a CSB ID of 4 octets and a MAC of 32 are needed")
        }
        let csbID = proof.csbID.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let exchange = ExchangeKey(csbID: csbID, initiator: try Identity(octets: proof.initiator))
        guard let session = try await vault.state(of: exchange)?.state?.session else { throw FrontFault.noSession }
        guard try PresenceSession(tgk: session.tgk, csbID: proof.csbID).verify(proof.mac, of: events) else {
            throw RPCStatus(.permissionDenied, "the MAC is not that of these events under the session's key")
        }
        guard session.called == session.responder, session.initiator.mailbox == session.responder else {
            throw RPCStatus(.permissionDenied, "presence is proven by an exchange with the mailbox of one's own name")
        }
        return session.initiator
    }
}
