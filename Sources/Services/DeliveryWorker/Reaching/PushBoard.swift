import IdentityBasedEncryption
import Mailbox
import Observability
import Primitives

/// Who is being looked after in one partition: at most one attendant a mailbox.
actor PushBoard {
    private let tools: PartitionTools
    private var attendants: [Identity: Attendant] = [:]
    /// Who was found reachable while the owner folded again what had been folded before.
    private var reachableAgain: Set<Identity> = []
    /// Until when there may be streams that this owner has not heard of.
    private var mayLackStreamsUntil = ContinuousClock.now
    /// Twice as long as fronts' word about a stream counts: they renew it within.
    private static let hearsOfAllStreams = Duration.seconds(60)

    private let newcomers: AsyncStream<(Attendant, Duration)>
    private let newcomer: AsyncStream<(Attendant, Duration)>.Continuation

    init(tools: PartitionTools) {
        self.tools = tools
        (newcomers, newcomer) = AsyncStream.makeStream()
    }

    /// Keeps the attendants at work until the task is cancelled, then ends them.
    func run() async {
        let newcomers = newcomers
        await withDiscardingTaskGroup { group in
            for await (attendant, delay) in newcomers {
                group.addTask {
                    await attendant.run(after: delay) { [weak self] in await self?.dismiss($0) ?? true }
                }
            }
        }
    }

    /// For an owner that begins, or begins again, and has folded what was folded before: attendants for all that can be reached and
    /// have something waiting. Those whose streams are idle come in as mail does or their front renews the route: 10,000 of them at
    /// once would hold up the others.
    func startReachable() async throws(StoreError) {
        mayLackStreamsUntil = .now + Self.hearsOfAllStreams
        for attendant in attendants.values { attendant.lookAgain() }
        var last: Identity?
        repeat {
            let page = try await tools.view.reachable(
                in: tools.partition, after: last, now: tools.configuration.leaseTime, limit: 256)
            attend(page)
            last = page.last
        } while last != nil
        attend(reachableAgain)
        reachableAgain = []
    }

    /// Takes what a fold brought that an earlier one had brought: who has mail is to be seen at its end. What waits in the view
    /// until then is over for the most part, and would be pushed to him again.
    func noteAgain(_ outcome: FoldOutcome) { reachableAgain.formUnion(outcome.reachable) }

    /// For an owner that has folded all that the log had when it began: recipients may hear that they have all.
    func becameCurrent() {
        for attendant in attendants.values { attendant.becameCurrent() }
    }

    /// Takes what a fold brought.
    func note(_ outcome: FoldOutcome) {
        for key in outcome.settled { attendants[key.mailbox]?.settled(key) }
        for deposit in outcome.arrived { attendants[deposit.envelope.mailbox]?.arrived(deposit) }
        // For who is pushed to, only another stream is news: not a lease renewed, nor a contact.
        var news = outcome.reachable.filter { attendants[$0]?.stream == nil }
        for case .route(let mailbox, let route) in outcome.changes where attendants[mailbox]?.stream != route.stream {
            news.insert(mailbox)
        }
        if ContinuousClock.now < mayLackStreamsUntil {
            // Whose mailbox was empty when this owner began may have a stream all the same.
            news.formUnion(outcome.arrived.map(\.envelope.mailbox).filter { attendants[$0] == nil })
        }
        attend(news)
    }

    private func attend(_ mailboxes: some Collection<Identity>) {
        // Many at once are spread, so that they do not all meet the same front and the same contacts in one instant.
        let limit = tools.configuration.startsAtATime
        let isStorm = mailboxes.count + tools.starts.waiting > limit
        // What a mailbox service has routes for is dialling, and it has no mail.
        for mailbox in mailboxes where mailbox.mailbox != mailbox {
            if let attendant = attendants[mailbox] {
                attendant.nudge()
                continue
            }
            let attendant = Attendant(mailbox: mailbox, tools: tools)
            attendants[mailbox] = attendant
            let delay = isStorm ? tools.configuration.spread * Double.random(in: 0...1) : .zero
            newcomer.yield((attendant, delay))
        }
    }

    /// Whether an attendant that found nothing to do may go: not where there is news meanwhile.
    private func dismiss(_ attendant: Attendant) -> Bool {
        guard Task.isCancelled || !attendant.hasNews else { return false }
        if attendants[attendant.mailbox] === attendant { attendants[attendant.mailbox] = nil }
        return true
    }
}
