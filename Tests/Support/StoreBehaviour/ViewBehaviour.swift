import IdentityBasedEncryption
import Mailbox
import Primitives

/// What every `MailboxView` does. It needs partitions that nobody else changes meanwhile.
public struct ViewBehaviour<View: MailboxView>: Sendable {
    let view: View
    let partitionCount: Int
    private let now = UTCTime(milliseconds: 1_796_117_402_000)

    /// The suite for a view.
    public init(_ view: View, partitionCount: Int) {
        self.view = view
        self.partitionCount = partitionCount
    }

    /// Runs all of it; throws `Misbehaviour` at the first promise that is broken.
    public func check() async throws {
        try await onlyTheRightPositionApplies()
        try await mailboxesArePagedInOrder()
        try await depositsComeAndGo()
        try await routesAndPresenceAreLeases()
        try await expiriesAreFound()
        try await discardingLeavesNothing()
    }

    private func position(_ number: UInt64) -> ViewPosition {
        ViewPosition(log: "log", next: LogPosition(envelopes: number, presence: 2 * number), asOf: now)
    }

    /// Applies to whatever is there.
    private func apply(_ changes: [ViewChange], _ partition: Int) async throws {
        let there = try await view.position(of: partition)
        let next = ViewPosition(
            log: "log", next: LogPosition(envelopes: (there?.next.envelopes ?? 0) + 1), asOf: now)
        try require(
            try await view.apply(changes, to: partition, from: there, reaching: next), "changes apply at the position")
        try require(try await view.position(of: partition) == next, "the position moves with the changes")
    }

    private func home(_ mailbox: Identity) -> Int { Partitioner.partition(of: mailbox, count: partitionCount) }

    private func mail(_ seed: UInt64, to mailbox: Identity, lifetime: UInt32 = 3600) throws -> PendingDeposit {
        let mail = SampleMail(
            from: try person("anna"), to: mailbox, seed: seed, length: 100, lifetime: lifetime,
            wantsReceipt: seed % 2 == 0)
        return PendingDeposit(offset: seed, envelope: try mail.envelope(receivedAt: now))
    }

    private func onlyTheRightPositionApplies() async throws {
        let ben = try stranger("ben")
        let partition = home(ben)
        _ = try await view.discard(partition: partition, at: try await view.position(of: partition))
        try require(try await view.position(of: partition) == nil, "a discarded view has no position")
        let deposit = try mail(1, to: ben)
        let wrong = try await view.apply([.insert(deposit)], to: partition, from: position(1), reaching: position(2))
        try require(!wrong, "changes from a position that is not there are refused")
        try require(
            try await view.pending(in: ben, partition: partition, after: nil, limit: PageLimit(count: 9))
                == PendingPage(deposits: [], position: nil), "and nothing is changed")
        try require(
            try await view.apply([.insert(deposit)], to: partition, from: nil, reaching: position(1)),
            "the first applies")
        try require(
            try await !view.apply([.remove(deposit.known)], to: partition, from: nil, reaching: position(1)),
            "the first applies once")
        try require(
            try await !view.discard(partition: partition, at: position(9)),
            "a view at another position is not discarded")
        let excerpt = try await view.excerpt(
            ViewNeeds(deposits: [deposit.envelope.key], usage: [ben], presence: [ben]), of: partition)
        try require(
            excerpt == ViewExcerpt(position: position(1), deposits: [deposit.envelope.key: deposit.known]),
            "an excerpt has what is there, and the position")
        // Of many who race from one position, one wins.
        let view = view
        let next = position(2)
        let from = position(1)
        let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { try await view.apply([], to: partition, from: from, reaching: next) }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        try require(wins == 1, "of those who race one applies, not \(wins)")
    }

    private func mailboxesArePagedInOrder() async throws {
        let two = try strangers(2, partitionCount: partitionCount)
        let partition = home(two[0])
        let first = try (0..<20).map { try mail(100 + 2 * $0, to: two[0]) }
        let second = try (0..<20).map { try mail(101 + 2 * $0, to: two[1]) }
        try await apply((first + second).reversed().map(ViewChange.insert), partition)
        for limit in [PageLimit(count: 1), PageLimit(count: 7), PageLimit(count: 50), PageLimit(count: 50, octets: 1)] {
            var found: [PendingDeposit] = []
            while true {
                let page = try await view.pending(
                    in: two[0], partition: partition, after: found.last?.offset, limit: limit
                ).deposits
                try require(page.count <= limit.count, "a page is no longer than asked for")
                if page.isEmpty { break }
                found += page
            }
            try require(found == first, "pages join to the mailbox, in the order of the log, and to no other mailbox")
        }
    }

    private func depositsComeAndGo() async throws {
        let ben = try stranger("ben")
        let partition = home(ben)
        let deposit = try mail(300, to: ben)
        let key = deposit.envelope.key
        let before = try await view.backlog(of: partition)
        try await apply([.insert(deposit), .usage(ben, MailboxUsage(count: 1, octets: 116))], partition)
        try require(try await view.backlog(of: partition) == before + 1, "the backlog of a partition grows")
        try require(try await view.deposit(key, partition: partition) == deposit, "a deposit is found by its key")
        try require(
            try await view.usage(of: ben, partition: partition) == MailboxUsage(count: 1, octets: 116), "usage is kept")
        let later = try SampleMail(
            from: try person("anna"), to: ben, seed: 300, length: 100, lifetime: 3600, wantsReceipt: true
        ).envelope(receivedAt: now.advanced(byMilliseconds: 5))
        let moved = PendingDeposit(offset: 300, envelope: later)
        try await apply([.insert(moved)], partition)
        let page = try await view.pending(in: ben, partition: partition, after: nil, limit: PageLimit(count: 9))
        try require(page.deposits == [moved], "a deposit inserted again takes the other envelope, and is there once")
        let position = try await view.position(of: partition)
        try require(page.position == position, "a page says how far the view reaches")
        try await apply([.remove(moved.known), .usage(ben, MailboxUsage())], partition)
        try require(try await view.deposit(key, partition: partition) == nil, "a removed deposit is gone")
        try require(try await view.backlog(of: partition) == before, "the backlog of a partition shrinks")
        try require(try await view.usage(of: ben, partition: partition) == MailboxUsage(), "usage goes to zero")
        let excerpt = try await view.excerpt(ViewNeeds(deposits: [key], usage: [ben]), of: partition)
        try require(excerpt.deposits.isEmpty && excerpt.usage.isEmpty, "an excerpt leaves out what is not there")
    }

    private func routesAndPresenceAreLeases() async throws {
        let people = try strangers(3, partitionCount: partitionCount)
        let (ben, eve, carl) = (people[0], people[1], people[2])
        let partition = home(ben)
        let later = now.advanced(byMilliseconds: 1000)
        func route(_ name: UInt8, opened: Int64, expires: Int64) throws -> Route {
            Route(
                front: "10.0.0.\(name):7443", stream: try StreamID(octets: [name]),
                openedAt: now.advanced(byMilliseconds: opened), expiresAt: now.advanced(byMilliseconds: expires))
        }
        let (old, new) = (try route(1, opened: 1, expires: 86_400_000), try route(2, opened: 2, expires: 86_400_000))
        let short = try route(3, opened: 3, expires: 500)
        let open = Presence(
            isOpen: true, contact: "192.0.2.7:5150", timestamp: now, expiresAt: now.advanced(byMilliseconds: 86_400_000)
        )
        let usage = MailboxUsage(count: 1, octets: 1)
        try await apply(
            [
                .route(ben, old), .route(ben, short), .route(ben, new), .presence(eve, open), .usage(ben, usage),
                .usage(eve, usage), .usage(carl, usage),
            ],
            partition)
        try require(
            try await view.routes(to: ben, partition: partition, now: later) == [new, old],
            "routes come the latest stream first, without those that have expired")
        try require(try await view.presence(of: eve, partition: partition, now: later) == open, "presence is kept")
        try require(
            try await view.presence(of: eve, partition: partition, now: open.expiresAt) == nil, "presence expires")
        var reachable: [Identity] = []
        while true {
            let page = try await view.reachable(in: partition, after: reachable.last, now: later, limit: 1)
            if page.isEmpty { break }
            reachable += page
        }
        let ours = reachable.filter(people.contains)
        try require(Set(ours) == [ben, eve] && ours.count == 2, "who has mail and a route or a contact is found, once")
        let renewed = try route(1, opened: 1, expires: 90_000_000)
        try await apply([.route(ben, renewed), .removeRoute(ben, new.stream)], partition)
        try require(
            try await view.routes(to: ben, partition: partition, now: later) == [renewed],
            "a route is renewed, and another removed, by its stream")
        let closed = Presence(isOpen: false, contact: nil, timestamp: later, expiresAt: open.expiresAt)
        try await apply([.presence(eve, closed)], partition)
        try require(
            try await !view.reachable(in: partition, after: nil, now: later, limit: 1000).contains(eve),
            "who is gone is not found")
    }

    private func expiriesAreFound() async throws {
        let ben = try stranger("ben")
        let partition = home(ben)
        let deposits = try (0..<5).map { try mail(500 + $0, to: ben, lifetime: 50 - 10 * UInt32($0)) }
        try await apply(deposits.map(ViewChange.insert), partition)
        let due = try await view.due(in: partition, by: now.advanced(byMilliseconds: 30_000), limit: 1000)
            .filter { $0.key.mailbox == ben }
        try require(
            due == [deposits[4], deposits[3], deposits[2]].map(\.known), "what is overdue is found, the oldest first")
        try require(
            try await view.due(in: partition, by: now.advanced(byMilliseconds: 9999), limit: 1000)
                .allSatisfy { $0.key.mailbox != ben }, "what is not due is not found")
        try require(
            try await view.due(in: partition, by: now.advanced(byMilliseconds: 30_000), limit: 1).count == 1,
            "no more than asked for is found")
    }

    private func discardingLeavesNothing() async throws {
        let ben = try stranger("ben")
        let partition = home(ben)
        let deposit = try mail(600, to: ben)
        let route = Route(
            front: "f:1", stream: try StreamID(octets: [9]), openedAt: now,
            expiresAt: now.advanced(byMilliseconds: 9999))
        try await apply(
            [.insert(deposit), .usage(ben, MailboxUsage(count: 1, octets: 1)), .route(ben, route)], partition)
        let there = try await view.position(of: partition)
        try require(try await view.discard(partition: partition, at: there), "a view is discarded at its position")
        try require(try await view.position(of: partition) == nil, "its position is gone")
        try require(try await view.deposit(deposit.envelope.key, partition: partition) == nil, "its deposits are gone")
        try require(try await view.usage(of: ben, partition: partition) == MailboxUsage(), "its usage is gone")
        try require(try await view.routes(to: ben, partition: partition, now: now).isEmpty, "its routes are gone")
    }
}
