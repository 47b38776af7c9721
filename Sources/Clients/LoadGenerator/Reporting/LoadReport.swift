import Foundation

/// What a run came to, for programs (`json`) and for people (`html`).
public struct LoadReport: Encodable, Sendable {
    /// What was run, and on what.
    public struct Setting: Encodable, Sendable {
        /// When it began, by RFC 3339.
        public var startedAt: String
        /// `kafka and redis`, `embedded store`, or that the cluster ran already.
        public var cluster: String
        /// Security level in bits; nil where it is not known.
        public var level: Int?
        /// Processors of the machine that generated the load.
        public var cores: Int
        /// The version of `poste`.
        public var version: String

        /// A setting from its parts.
        public init(startedAt: String, cluster: String, level: Int?, cores: Int, version: String) {
            self.startedAt = startedAt
            self.cluster = cluster
            self.level = level
            self.cores = cores
            self.version = version
        }

        private enum CodingKeys: String, CodingKey {
            case startedAt = "started_at"
            case cluster, level, cores, version
        }
    }

    /// The memory of a process that the run started itself.
    public struct Process: Encodable, Sendable {
        /// Its name in the cluster.
        public var name: String
        /// The most of its memory that was resident, in octets.
        public var peakResidentBytes: UInt64
        /// What was resident when the backlog was there, in octets; nil for a run without one.
        public var pendingResidentBytes: UInt64?

        /// A process from its figures.
        public init(name: String, peakResidentBytes: UInt64, pendingResidentBytes: UInt64? = nil) {
            self.name = name
            self.peakResidentBytes = peakResidentBytes
            self.pendingResidentBytes = pendingResidentBytes
        }

        private enum CodingKeys: String, CodingKey {
            case name
            case peakResidentBytes = "peak_resident_bytes"
            case pendingResidentBytes = "pending_resident_bytes"
        }
    }

    /// A run that left a backlog.
    public struct Backlog: Encodable, Sendable {
        /// How many deposits were to wait.
        public var deposits: Int
        /// How long it took to leave them.
        public var fillSeconds: Double
        /// How long it took to deliver them.
        public var drainSeconds: Double

        /// A backlog from its figures.
        public init(deposits: Int, filling: Duration, draining: Duration) {
            self.deposits = deposits
            fillSeconds = Figures.rounded(filling.seconds)
            drainSeconds = Figures.rounded(draining.seconds)
        }

        private enum CodingKeys: String, CodingKey {
            case deposits
            case fillSeconds = "fill_seconds"
            case drainSeconds = "drain_seconds"
        }
    }

    /// What was run, and on what.
    public let setting: Setting
    /// The memory of the processes that were started.
    public let processes: [Process]
    /// The backlog, where the run left one.
    public let backlog: Backlog?
    let plan: LoadPlan
    let outcome: LoadRun.Outcome
    /// Whether each second is told, which may be long.
    public var tellsSeconds = true

    /// A report on a run.
    public init(
        _ outcome: LoadRun.Outcome, of plan: LoadPlan, setting: Setting, processes: [Process] = [],
        backlog: Backlog? = nil
    ) {
        self.outcome = outcome
        self.plan = plan
        self.setting = setting
        self.processes = processes
        self.backlog = backlog
    }

    /// Whether nothing was lost, repeated, changed, reordered, or shown under another name, and something was deposited.
    public var isSound: Bool { outcome.balance.isSound && outcome.balance.deposits > 0 }

    /// The seconds in which deposits were made.
    var loadSeconds: Double {
        max(0.001, backlog?.fillSeconds ?? (outcome.stoppedAfter ?? plan.duration).seconds)
    }

    /// Deposits a second that the plan had.
    var offeredPerSecond: Double { Figures.rounded(Double(outcome.measurements.total(\.offered)) / loadSeconds) }

    /// Receipts a second while deposits were made.
    var achievedPerSecond: Double {
        // What came while the run was settling was not achieved in its time.
        let seconds = outcome.measurements.seconds.prefix(Int(loadSeconds.rounded(.up)))
        return Figures.rounded(Double(seconds.reduce(0) { $0 + $1.achieved }) / loadSeconds)
    }

    private enum CodingKeys: String, CodingKey {
        case ok, setting, scenario, rate, spacing, users, mix, seed, churn, processes, backlog
        case durationSeconds = "duration_s"
        case stoppedAfterSeconds = "stopped_after_s"
        case rampSeconds = "ramp_s"
        case depositsPerHandshake = "deposits_per_handshake"
        case offered
        case offeredPerSecond = "offered_per_s"
        case achievedPerSecond = "achieved_per_s"
        case deposits, delivered, lost, repeated, corrupt, misattributed, misordered, unexpected, unknown, foreign
        case failed, retried
        case latencyMs = "latency_ms"
        case settlingSeconds = "settling_s"
        case failures, retries, faults, seconds
    }

    /// Writes the object.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(isSound, forKey: .ok)
        try object.encode(setting, forKey: .setting)
        try object.encode(plan.scenario.rawValue, forKey: .scenario)
        try object.encode(plan.rate, forKey: .rate)
        try object.encode(plan.spacing.rawValue, forKey: .spacing)
        try object.encode(plan.users, forKey: .users)
        try object.encode("\(plan.mix)", forKey: .mix)
        try object.encode(plan.seed, forKey: .seed)
        try object.encode(plan.churn, forKey: .churn)
        try object.encode(plan.duration.seconds, forKey: .durationSeconds)
        try object.encodeIfPresent(
            outcome.stoppedAfter.map { Figures.rounded($0.seconds) }, forKey: .stoppedAfterSeconds)
        try object.encode(plan.ramp.seconds, forKey: .rampSeconds)
        try object.encode(plan.depositsPerHandshake, forKey: .depositsPerHandshake)
        try object.encode(outcome.measurements.total(\.offered), forKey: .offered)
        try object.encode(offeredPerSecond, forKey: .offeredPerSecond)
        try object.encode(achievedPerSecond, forKey: .achievedPerSecond)
        let balance = outcome.balance
        for (key, count) in [
            (CodingKeys.deposits, balance.deposits), (.delivered, balance.delivered), (.lost, balance.lost),
            (.repeated, balance.repeated), (.corrupt, balance.corrupt), (.misattributed, balance.misattributed),
            (.misordered, balance.misordered), (.unexpected, balance.unexpected), (.unknown, balance.unknown),
            (.foreign, balance.foreign), (.failed, outcome.measurements.total(\.failed)),
            (.retried, outcome.measurements.total(\.retried)),
        ] { try object.encode(count, forKey: key) }
        let stages = Stage.allCases.map { ($0.rawValue, Figures(outcome.measurements.stages[$0])) }
        try object.encode(Dictionary(uniqueKeysWithValues: stages), forKey: .latencyMs)
        try object.encode(Figures.rounded(outcome.settling.seconds), forKey: .settlingSeconds)
        try object.encode(processes, forKey: .processes)
        try object.encodeIfPresent(backlog, forKey: .backlog)
        try object.encode(outcome.measurements.failures, forKey: .failures)
        try object.encode(outcome.measurements.retries, forKey: .retries)
        try object.encode(outcome.faults, forKey: .faults)
        if tellsSeconds {
            try object.encode(outcome.measurements.seconds.enumerated().map(SecondFigures.init), forKey: .seconds)
        }
    }
}

/// A histogram in numbers: milliseconds, nil where nothing was recorded.
struct Figures: Encodable {
    let count: UInt64
    let mean, p50, p90, p99, p999, max: Double?

    init(_ histogram: LatencyHistogram?) {
        func milliseconds(_ duration: Duration?) -> Double? { duration.map { Self.rounded($0.milliseconds) } }
        count = histogram?.count ?? 0
        mean = milliseconds(histogram?.mean)
        p50 = milliseconds(histogram?.quantile(0.5))
        p90 = milliseconds(histogram?.quantile(0.9))
        p99 = milliseconds(histogram?.quantile(0.99))
        p999 = milliseconds(histogram?.quantile(0.999))
        max = milliseconds(histogram?.maximum)
    }

    /// To a thousandth.
    static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

    private enum CodingKeys: String, CodingKey {
        case count, mean, p50, p90, p99
        case p999 = "p99.9"
        case max
    }

    /// Every key is there, also where there is no value.
    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(count, forKey: .count)
        for (key, value) in [
            (CodingKeys.mean, mean), (.p50, p50), (.p90, p90), (.p99, p99), (.p999, p999), (.max, max),
        ] { try object.encode(value, forKey: key) }
    }
}

private struct SecondFigures: Encodable {
    let second: Int
    let offered, achieved, delivered, failed, retried: UInt64
    let p50, p99: Double?
    let waiting, online: Int?

    init(_ number: Int, _ second: Recorder.Second) {
        (waiting, online) = (second.waiting, second.online)
        self.second = number
        (offered, achieved, delivered) = (second.offered, second.achieved, second.delivered)
        (failed, retried) = (second.failed, second.retried)
        p50 = second.deposits.quantile(0.5).map { Figures.rounded($0.milliseconds) }
        p99 = second.deposits.quantile(0.99).map { Figures.rounded($0.milliseconds) }
    }
}
