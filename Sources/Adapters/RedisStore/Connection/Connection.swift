import Dispatch
import Mailbox

/// A connection that is made when it is needed, and made again when it breaks. Commands are pipelined in the order they
/// come; each waits for its reply without holding a thread.
///
/// A command that was written when the connection broke fails with `.unavailable`, and may have taken effect. One that
/// was not written waits for the next connection, until its own time is up or an attempt to connect has failed.
///
/// `@unchecked Sendable`: everything that changes is touched on the serial `queue` alone; tasks come in by `inbox`.
final class Connection: @unchecked Sendable {
    /// The times that a connection keeps to.
    struct Limits: Sendable {
        /// For name, TCP and greeting of one server.
        var connect: Duration
        /// Without any reply while one is owed, and in the queue before that.
        var command: Duration
    }

    private enum Phase {
        case idle
        /// Until the back-off has passed.
        case resting
        case locating
        case greeting(Wire, RedisEndpoint, since: ContinuousClock.Instant)
        case ready(Wire, RedisEndpoint)
        case closed
    }

    /// What a reply is for.
    private enum Owed {
        case job(Job)
        case greeting(Greeting.Check, isLast: Bool)
        case asking
    }

    /// How much may be written and not yet answered.
    private static let countInFlight = 4096
    private static let octetsInFlight = 4 << 20

    private let queue: DispatchQueue
    private let inbox = Inbox()
    private let greeting: Greeting
    private let limits: Limits
    private let observe: @Sendable (RedisConnectionEvent) -> Void
    private let locate: @Sendable () async -> Result<[RedisEndpoint], StoreError>

    private var phase = Phase.idle
    private var attempt = 0
    private var candidates: [RedisEndpoint] = []
    private var backoff = Backoff()
    private var waiting = FIFO<Job>()
    private var owed = FIFO<Owed>()
    private var octetsOwed = 0
    private var lastNews = ContinuousClock.now
    private var isCheckDue = false

    /// - Parameters:
    ///   - observe: told what becomes of the connection.
    ///   - locate: where to connect, in order of preference; asked at each attempt.
    init(
        label: String, greeting: Greeting, limits: Limits,
        observe: @escaping @Sendable (RedisConnectionEvent) -> Void = { _ in },
        locate: @escaping @Sendable () async -> Result<[RedisEndpoint], StoreError>
    ) {
        queue = DispatchQueue(label: label)
        self.greeting = greeting
        self.limits = limits
        self.observe = observe
        self.locate = locate
    }

    /// Sends a command, and waits for its reply, which may be a refusal (`Reply.error`).
    /// - Throws: `StoreError`: `.unavailable`, `.closed`, and what connecting may meet.
    func send(_ command: Command) async throws(StoreError) -> Reply {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Reply, StoreError>, Never>) in
            submit(Job(command: command, submittedAt: .now) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    private func submit(_ job: Job) {
        switch inbox.append(job) {
        case .queued: return
        case .isFirst: queue.async { self.collect() }
        case .refused:
            job.complete(.failure(StoreError(.unavailable, "too many commands wait for Redis already; try again")))
        }
    }

    /// Closes the connection. Commands that wait fail, and later ones too.
    func close() {
        queue.async {
            self.drop(StoreError(.closed, "the connection to Redis was closed"))
            self.phase = .closed
            self.collect()
        }
    }

    private func collect() {
        for job in inbox.takeAll() { waiting.append(job) }
        switch phase {
        case .idle: find()
        case .ready: pump()
        case .closed: failWaiting(StoreError(.closed, "the connection to Redis was closed"))
        case .resting, .locating, .greeting: break
        }
        checkLater()
    }

    private func pump() {
        guard case .ready(let wire, _) = phase else { return }
        while owed.count < Self.countInFlight, octetsOwed < Self.octetsInFlight, let job = waiting.popFirst() {
            inbox.left(job)
            if owed.count == 0 { lastNews = .now }
            if job.command.isAsking { owed.append(.asking) }
            owed.append(.job(job))
            octetsOwed += job.command.size
            wire.append(job.command)
        }
        wire.flush()
    }

    // MARK: Connecting

    private func find() {
        phase = .locating
        attempt += 1
        let current = attempt
        Task {
            let found = await locate()
            queue.async {
                guard case .locating = self.phase, self.attempt == current else { return }
                switch found {
                case .success(let endpoints):
                    self.candidates = endpoints.reversed()
                    self.connect(StoreError(.unavailable, "no Redis to connect to was named; name one in the URL"))
                case .failure(let fault): self.rest(fault)
                }
            }
        }
    }

    /// Tries the next candidate; where there is none, what waits fails with `fault`.
    private func connect(_ fault: StoreError) {
        guard let endpoint = candidates.popLast() else { return rest(fault) }
        attempt += 1
        let current = attempt
        do throws(Wire.Unreachable) {
            let wire = try Wire(to: endpoint, queue: queue) { [weak self] event in
                guard let self, attempt == current else { return }
                take(event, from: endpoint)
            }
            phase = .greeting(wire, endpoint, since: .now)
            lastNews = .now
            let steps = greeting.steps()
            for (index, step) in steps.enumerated() {
                owed.append(.greeting(step.check, isLast: index == steps.count - 1))
                wire.append(step.command)
            }
            checkLater()
        } catch {
            connect(.unreachable(endpoint, error.reason))
        }
    }

    private func rest(_ fault: StoreError) {
        phase = .resting
        observe(.failed)
        failWaiting(fault)
        let pause = backoff.next()
        let current = attempt
        queue.asyncAfter(deadline: .now() + pause.dispatch) {
            guard case .resting = self.phase, self.attempt == current else { return }
            self.phase = .idle
            if self.waiting.count > 0 { self.find() }
        }
    }

    // MARK: Events

    private func take(_ event: Wire.Event, from endpoint: RedisEndpoint) {
        switch event {
        case .connected: break
        case .reply(let reply): take(reply, from: endpoint)
        case .broken(let reason, let isForeign):
            broke(isForeign ? StoreError(foreign: reason, at: endpoint) : .unreachable(endpoint, reason))
        }
    }

    private func take(_ reply: Reply, from endpoint: RedisEndpoint) {
        lastNews = .now
        switch owed.popFirst() {
        case .job(let job):
            octetsOwed -= job.command.size
            job.complete(.success(reply))
            // A primary that became a replica: whoever asks again must find the new one.
            if case .error(let text) = reply, text.hasPrefix("READONLY") {
                return broke(StoreError(refusal: text, at: endpoint))
            }
            if waiting.count > 0, owed.count <= Self.countInFlight / 2 { pump() }
        case .greeting(let check, let isLast):
            if let fault = check(reply, endpoint) { return broke(fault) }
            guard isLast, case .greeting(let wire, _, _) = phase else { return }
            phase = .ready(wire, endpoint)
            observe(.opened)
            backoff.reset()
            pump()
        case .asking: break
        case nil:
            let text = if case .error(let text) = reply { text } else { "it speaks without being asked" }
            broke(
                text.hasPrefix("ERR")
                    ? StoreError(refusal: text, at: endpoint) : StoreError(foreign: text, at: endpoint))
        }
    }

    /// The connection is of no more use.
    private func broke(_ fault: StoreError) {
        var wasReady = false
        if case .ready = phase { wasReady = true }
        drop(fault)
        if wasReady {
            // At once, and once: a server that went away may be there again, or another in its place.
            if waiting.count > 0 { find() }
        } else {
            connect(fault)
        }
    }

    /// Closes the wire, and fails what was written to it.
    private func drop(_ fault: StoreError) {
        switch phase {
        case .greeting(let wire, _, _): wire.close()
        case .ready(let wire, _):
            wire.close()
            observe(.closed)
        case .idle, .resting, .locating, .closed: break
        }
        attempt += 1
        if case .closed = phase {} else { phase = .idle }
        let lost = StoreError(
            fault.kind == .closed ? .closed : .unavailable,
            fault.kind == .closed
                ? fault.detail : "the connection was lost with the command under way: \(fault.detail)")
        octetsOwed = 0
        while let next = owed.popFirst() {
            if case .job(let job) = next { job.complete(.failure(lost)) }
        }
    }

    private func failWaiting(_ fault: StoreError) {
        while let job = waiting.popFirst() {
            inbox.left(job)
            job.complete(.failure(fault))
        }
    }

    // MARK: Time

    /// Looks at the clock again while anybody waits for anything.
    private func checkLater() {
        guard !isCheckDue, owed.count > 0 || waiting.count > 0 else { return }
        isCheckDue = true
        let pause = min(max(min(limits.command, limits.connect) / 8, .milliseconds(5)), .milliseconds(250))
        queue.asyncAfter(deadline: .now() + pause.dispatch) {
            self.isCheckDue = false
            self.check()
            self.checkLater()
        }
    }

    private func check() {
        let now = ContinuousClock.now
        switch phase {
        case .greeting(_, let endpoint, let since) where now - since > limits.connect:
            broke(.unreachable(endpoint, "no answer within \(limits.connect.wholeMilliseconds) ms"))
        case .ready(_, let endpoint) where owed.count > 0 && now - lastNews > limits.command:
            broke(
                StoreError(
                    .unavailable,
                    "Redis at \(endpoint) gave no answer within \(limits.command.wholeMilliseconds) ms; "
                        + "it hangs, is overloaded or cut off"))
        default: break
        }
        while let job = waiting.first, now - job.submittedAt > limits.command {
            _ = waiting.popFirst()
            inbox.left(job)
            job.complete(
                .failure(
                    StoreError(
                        .unavailable,
                        "no connection to Redis within \(limits.command.wholeMilliseconds) ms; nothing was changed")))
        }
    }
}

extension Duration {
    /// For Dispatch.
    fileprivate var dispatch: DispatchTimeInterval { .milliseconds(Int(clamping: wholeMilliseconds)) }

    /// Milliseconds, rounded down, from 0 to some 290,000 years.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(max(seconds, 0), 1 << 43) * 1000 + max(attoseconds, 0) / 1_000_000_000_000_000
    }
}
