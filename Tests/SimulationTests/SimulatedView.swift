import IdentityBasedEncryption
import Mailbox
import Primitives

/// The view of one partition in memory. A copy of it is a snapshot to roll back to.
struct SimulatedView {
    private(set) var position: ViewPosition?
    private(set) var deposits: [DepositKey: PendingDeposit] = [:]
    private(set) var usage: [Identity: MailboxUsage] = [:]
    private var routes: [Identity: [StreamID: Route]] = [:]
    private var presence: [Identity: Presence] = [:]

    func excerpt(_ needs: ViewNeeds) -> ViewExcerpt {
        ViewExcerpt(
            position: position,
            deposits: deposits.filter { needs.deposits.contains($0.key) }.mapValues(\.known),
            usage: usage.filter { needs.usage.contains($0.key) },
            presence: presence.filter { needs.presence.contains($0.key) })
    }

    mutating func apply(_ changes: [ViewChange], from: ViewPosition?, reaching: ViewPosition) -> Bool {
        guard position == from else { return false }
        for change in changes {
            switch change {
            case .insert(let deposit): deposits[deposit.envelope.key] = deposit
            case .remove(let known): deposits[known.key] = nil
            case .usage(let mailbox, let amount): usage[mailbox] = amount.count == 0 ? nil : amount
            case .route(let mailbox, let route): routes[mailbox, default: [:]][route.stream] = route
            case .removeRoute(let mailbox, let stream): routes[mailbox]?[stream] = nil
            case .presence(let mailbox, let now): presence[mailbox] = now
            }
        }
        position = reaching
        return true
    }

    mutating func discard(at expected: ViewPosition?) -> Bool {
        guard position == expected else { return false }
        self = SimulatedView()
        return true
    }

    func pending(in mailbox: Identity, after offset: UInt64?, limit: Int) -> [PendingDeposit] {
        let waiting = deposits.values.filter { deposit in
            deposit.envelope.mailbox == mailbox && offset.map { deposit.offset > $0 } ?? true
        }
        return Array(waiting.sorted { $0.offset < $1.offset }.prefix(limit))
    }

    func route(to mailbox: Identity, now: Int64) -> Route? {
        routes[mailbox]?.values.filter { $0.expiresAt.milliseconds > now }.max { $0.openedAt < $1.openedAt }
    }

    func due(by moment: UTCTime) -> [KnownDeposit] {
        deposits.values.map(\.known).filter { $0.expiresAt <= moment }.sorted { $0.offset < $1.offset }
    }
}
