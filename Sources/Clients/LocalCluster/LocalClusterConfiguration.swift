import Foundation

/// What a local cluster is made of.
public struct LocalClusterConfiguration: Sendable {
    /// Where the log is.
    public enum Brokers: Sendable, Hashable {
        /// So many brokers of its own, started through `deploy/kafka`, with further settings as `name=value`.
        case started(Int, settings: [String] = [])
        /// Brokers that run already: `host:port,host:port`. They are used as they are, and cannot be killed.
        case named(String)
        /// None: the embedded store holds all.
        case none
    }

    /// Where the view and the sessions are.
    public enum Redis: Sendable, Hashable {
        /// One server.
        case single
        /// A primary and a replica, which `LocalRedis.promoteReplica()` makes the primary.
        case replicated
        /// A primary, a replica and three Sentinels, which promote by themselves.
        case sentinel
        /// A Redis Cluster of three primaries, each with a replica that takes its place by itself.
        case cluster
        /// A Redis that runs already, by its URL. It is used as it is, and cannot be killed.
        case named(String)
        /// None: the embedded store holds all.
        case none
    }

    /// What Redis writes to its folder.
    public enum Persistence: Sendable, Hashable {
        /// Nothing: it comes back empty.
        case nothing
        /// Snapshots when told to, by `RedisServer.saveSnapshot()` or a role: it comes back as it was then.
        case snapshots
        /// Every change, to the disk each second: it comes back as it was a second ago at worst.
        case appendOnly
    }

    /// Settings with which a dead broker is missed for 3 s instead of 9 s, and a dead controller for 1.5 s more instead of 3,
    /// as docs/operations/tuning.md has it.
    public static let foundDeadSoon = [
        "broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500", "controller.quorum.fetch.timeout.ms=1000",
        "controller.quorum.election.timeout.ms=500",
    ]

    /// The path of the `poste` command.
    public var executable: String
    /// Where everything lies: `cluster`, `kafka`, `redis-1` …, logs, ready files. Made where it is not there.
    public var folder: String
    /// Whether `stop()`, or the end of this process, removes the folder.
    public var removesFolder = false
    /// The brokers.
    public var brokers: Brokers = .started(3, settings: foundDeadSoon)
    /// The path of `deploy/kafka`; by default it is looked for above the executable, the working folder and this source.
    public var kafkaScript: String?
    /// Variables for `deploy/kafka` and the brokers, as KAFKA_JVM_OPTS.
    public var brokerEnvironment: [String: String] = [:]
    /// Redis.
    public var redis: Redis = .single
    /// What Redis writes.
    public var persistence: Persistence = .appendOnly
    /// How many front workers.
    public var fronts = 2
    /// How many delivery workers.
    public var workers = 2
    /// The domain whose mailboxes are served.
    public var domain = "example.com"
    /// Security level of the KMS's parameters in bits; 1024 is for tests alone.
    public var level = 3072
    /// Partitions of every topic.
    public var partitions = 12
    /// How long a deposit that is over may stay on the brokers' disks, in seconds: the topics' and the workers'.
    public var compactionLagSeconds = 3600
    /// Further arguments for `poste topics --create`.
    public var topicArguments: [String] = []
    /// Further arguments for every role, as `--log-level debug`.
    public var arguments: [String] = ["--log-level", "debug"]
    /// Further arguments for the fronts.
    public var frontArguments: [String] = []
    /// Further arguments for the delivery workers.
    public var workerArguments: [String] = []
    /// Variables for every role.
    public var environment: [String: String] = [:]
    /// How long a member may take to serve.
    public var startLimit: Duration = .seconds(60)

    /// Three brokers, one Redis, two fronts, two delivery workers and a KMS.
    public init(executable: String, folder: String) {
        self.executable = executable
        self.folder = folder
    }

    /// How many replicas each partition has.
    var replicas: Int {
        guard case .started(let count, _) = brokers else { return 3 }
        return min(3, count)
    }
}
