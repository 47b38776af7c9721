import MailboxClient
import Primitives
import Synchronization

/// A run of a plan against a cluster.
public final class LoadRun: Sendable {
    /// What a run is at.
    public enum Phase: Sendable, Hashable {
        /// The first recipients come online.
        case gathering
        /// A backlog is left.
        case filling
        /// Deposits are made as the plan says.
        case planned
        /// The plan is over, or was stopped, and what it began has not all ended.
        case finishing
        /// Recipients take what waits.
        case settling
        /// All that was to come has come, or it was given up; the streams end.
        case leaving
        /// All streams have ended.
        case over
    }

    /// Where a run stands.
    public struct Snapshot: Sendable {
        /// What it is at.
        public var phase: Phase
        /// Since the load began; negative before.
        public var elapsed: Duration
        /// How long the load was to be, or was where it was stopped.
        public var length: Duration
        /// Whether it was stopped.
        public var isStopped: Bool
        /// Operations that have begun and not ended.
        public var unfinished: Int
        /// What was measured.
        public var measurements: Recorder.Measurements
        /// Deposits with a receipt that were not heard yet.
        public var waiting: Int
        /// Users online.
        public var online: Int

        package init(
            phase: Phase, elapsed: Duration, length: Duration, isStopped: Bool, unfinished: Int,
            measurements: Recorder.Measurements, waiting: Int, online: Int
        ) {
            (self.phase, self.elapsed, self.length, self.isStopped) = (phase, elapsed, length, isStopped)
            (self.unfinished, self.measurements, self.waiting) = (unfinished, measurements, waiting)
            self.online = online
        }
    }

    /// What a run came to.
    public struct Outcome: Sendable {
        /// What was measured.
        public var measurements: Recorder.Measurements
        /// What became of the deposits.
        package var balance: DeliveryLedger.Balance
        /// The first faults in words.
        public var faults: [String]
        /// How long it took until all was delivered, or given up, from the end of the load.
        public var settling: Duration
        /// How long deposits were made where the run was stopped before its end; nil for a whole run.
        public var stoppedAfter: Duration?

        package init(
            measurements: Recorder.Measurements, balance: DeliveryLedger.Balance, faults: [String], settling: Duration,
            stoppedAfter: Duration? = nil
        ) {
            self.measurements = measurements
            self.balance = balance
            self.faults = faults
            self.settling = settling
            self.stoppedAfter = stoppedAfter
        }
    }

    private struct Course {
        var phase = Phase.gathering
        var stopped: Duration?
        var settled: ContinuousClock.Instant?
    }

    private let plan: LoadPlan
    private let population: Population
    private let start: ContinuousClock.Instant
    private let settleLimit: Duration
    private let ledger: DeliveryLedger
    private let recorder: Recorder
    private let attendance: Attendance
    private let depositor: Depositor
    private let pacer: Pacer
    private let course = Mutex(Course())

    /// At most so many recipients come online at a time, where nobody planned their coming.
    static let drainWidth = 64

    /// A run, which begins when it is told to.
    /// - Parameters:
    ///   - start: when the clock of the plan starts; between now and then the first recipients come online.
    ///   - settleLimit: how long nothing may be delivered at the end before what is left counts as lost.
    package init(
        _ plan: LoadPlan, _ population: Population, recorder: Recorder, start: ContinuousClock.Instant, run: UInt64,
        settleLimit: Duration
    ) {
        self.plan = plan
        self.population = population
        self.start = start
        self.settleLimit = settleLimit
        self.recorder = recorder
        recorder.begin(at: start)
        ledger = DeliveryLedger(run: run)
        pacer = Pacer(start: start)
        attendance = Attendance(population, plan, ledger, recorder)
        depositor = Depositor(
            population: population, run: run,
            conversations: Conversations(depositsPerHandshake: plan.depositsPerHandshake), ledger: ledger,
            recorder: recorder)
    }

    /// Where it stands.
    public var snapshot: Snapshot {
        let course = course.withLock { $0 }
        let elapsed = ContinuousClock.now - start
        var phase = course.phase
        if phase == .gathering, elapsed >= .zero { phase = .planned }
        if phase == .planned, course.stopped != nil || elapsed > plan.duration { phase = .finishing }
        return Snapshot(
            phase: phase, elapsed: elapsed, length: course.stopped ?? plan.duration, isStopped: course.stopped != nil,
            unfinished: pacer.unfinished, measurements: recorder.measurements, waiting: ledger.waitingCount,
            online: attendance.count)
    }

    /// Runs the plan, then lets every recipient take what waits for him. A task that is cancelled begins no more deposits; what
    /// it has begun ends, and recipients take what waits all the same.
    public func perform() async -> Outcome {
        let watching = watch()
        defer { watching.cancel() }
        for user in plan.firstOnline { attendance.arrive(user, planned: nil) }
        await pacer.run(
            plan.operations,
            begin: { [recorder] operation, planned in
                if case .deposit = operation.action { recorder.count(.offered, at: planned) }
            },
            perform: { [attendance, depositor] operation, planned in
                switch operation.action {
                case .deposit(let deposit): await depositor.perform(deposit, planned: planned)
                case .arrive(let user): attendance.arrive(user, planned: planned)
                case .leave(let user): attendance.leave(user)
                }
            },
            shed: { [recorder, pacer] _ in
                recorder.count(.failed("not begun: \(pacer.limit) operations are unfinished"))
            },
            stopped: { instant in course.withLock { $0.stopped = max(.zero, instant - start) } })
        attendance.planHasEnded()
        // In a task of its own, which nobody cancels.
        await Task { [self] in await settle() }.value
        return outcome
    }

    /// Notes again and again how much waits and who is online.
    private func watch() -> Task<Void, Never> {
        Task { [recorder, ledger, attendance] in
            while !Task.isCancelled {
                recorder.note(waiting: ledger.waitingCount, online: attendance.count)
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private var outcome: Outcome {
        let course = course.withLock { $0 }
        let end = start + (course.stopped ?? plan.duration)
        return Outcome(
            measurements: recorder.measurements, balance: ledger.balance, faults: ledger.faults,
            settling: max(.zero, (course.settled ?? .now) - end), stoppedAfter: course.stopped)
    }

    /// Leaves so many deposits while nobody is online, each as soon as the one before it is there, 32 at a time; then lets
    /// every recipient take what waits for him.
    /// - Parameter filled: called in between, when all are pending.
    /// - Returns: the outcome, and how long filling and taking took.
    public func performBacklog(
        _ count: Int, filled: @Sendable () async -> Void
    ) async -> (outcome: Outcome, filling: Duration, draining: Duration) {
        let watching = watch()
        defer { watching.cancel() }
        course.withLock { $0.phase = .filling }
        let begin = ContinuousClock.now
        await withDiscardingTaskGroup { group in
            for lane in 0..<LoadPlan.width {
                group.addTask { [self] in
                    // Numbers of one remainder are a conversation after the other: each lane has sessions of its own.
                    for number in stride(from: lane, to: UInt64(count), by: Int(LoadPlan.width)) where !Task.isCancelled
                    {
                        let now = ContinuousClock.now
                        recorder.count(.offered, at: now)
                        // In a task of its own, which is not cancelled.
                        await Task { await depositor.perform(plan.deposit(number), planned: now) }.value
                    }
                }
            }
        }
        let full = ContinuousClock.now
        await filled()
        let opened = ContinuousClock.now
        await Task { [self] in await settle() }.value
        return (outcome, full - begin, .now - opened)
    }

    /// Lets recipients come, a few at a time, until nothing waits, or nothing comes any more.
    func settle() async {
        course.withLock { $0.phase = .settling }
        var left = ledger.waitingCount
        var progress = ContinuousClock.now
        while left > 0, .now - progress < settleLimit {
            let waiting = ledger.waitingUsers
            // Who has nothing to wait for makes room.
            if attendance.count >= Self.drainWidth {
                let isWaiting = Set(waiting)
                for user in population.identities.indices where !isWaiting.contains(user) { attendance.leave(user) }
            }
            for user in waiting where attendance.count < Self.drainWidth && !attendance.isOnline(user) {
                attendance.arrive(user, planned: nil)
            }
            try? await Task.sleep(for: .milliseconds(50))
            let now = ledger.waitingCount
            if now < left { progress = .now }
            left = now
        }
        course.withLock { ($0.phase, $0.settled) = (.leaving, .now) }
        // What comes twice comes soon.
        try? await Task.sleep(for: .milliseconds(500))
        await attendance.end()
        course.withLock { $0.phase = .over }
    }
}

extension LoadRun {
    /// Makes a run ready: takes the keys of all users to hand, which costs some ms for each, before the clock starts.
    /// - Parameters:
    ///   - profiles: the accounts of the users, whose identities are at least as many as the plan's users.
    ///   - retryFor: how long what fails is tried again.
    ///   - settleLimit: how long nothing may be delivered at the end before what is left counts as lost.
    ///   - lead: how long the first recipients have to come online before the clock of the plan starts.
    /// Throws `MailboxClientError`.
    public static func prepare(
        _ plan: LoadPlan, _ profiles: [Profile], retryFor: Duration, settleLimit: Duration, lead: Duration
    ) async throws -> LoadRun {
        let recorder = Recorder()
        let population = try Population(profiles, users: plan.users, retryFor: retryFor, recorder: recorder)
        try await population.warmUp()
        let start = ContinuousClock.now + lead
        let run = UInt64.random(in: .min ... .max)
        return LoadRun(plan, population, recorder: recorder, start: start, run: run, settleLimit: settleLimit)
    }
}
