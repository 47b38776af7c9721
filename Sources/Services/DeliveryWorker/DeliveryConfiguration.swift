import Mailbox
import Observability
import Primitives

/// What a delivery worker is told.
public struct DeliveryConfiguration: Sendable {
    /// What it proves itself with to fronts: a certificate with the URI `poste:delivery-worker`.
    public var credentials: TLSCredentials
    /// The authority that fronts' certificates must lead to, PEM.
    public var rootsPEM: String
    /// The host that every front's certificate bears; nil where each bears the one at which it is reached.
    public var frontName: String?
    /// How much of a partition is folded at once.
    public var batch = PageLimit(count: 1000, octets: 4 << 20)
    /// How much may be under way to one recipient without his answer.
    public var window = PageLimit(count: 64, octets: 8 << 20)
    /// How much of what waits is read from the view at once.
    public var pending = PageLimit(count: 64, octets: 256 << 10)
    /// How much that arrives is kept for one recipient who is online; who is slower gets it from the view.
    public var arrivals = PageLimit(count: 64, octets: 256 << 10)
    /// How many recipients of all partitions may be looked up at a time, until the front has taken the push.
    public var startsAtATime = 64
    /// How many contacts of all partitions may be dialled at a time; 0 dials none.
    public var dialsAtATime = 64
    /// Over what time many recipients who can be reached at once are spread.
    public var spread = Duration.seconds(1)
    /// How long a front may take to take a push.
    public var pushPatience = Duration.seconds(4)
    /// How long a front may take to dial.
    public var dialPatience = Duration.seconds(20)
    /// How much of a content is read from the log at once.
    public var page = PageLimit(count: 16, octets: 1 << 20)
    /// How long the log's compaction lags, in ms: a quiet partition gets its tick after so long.
    public var compactionLagMs: Int64 = 3_600_000
    /// How often lifetimes are looked at.
    public var expiryInterval = Duration.seconds(1)
    /// Where it counts what it does.
    public var metrics = MetricRegistry()
    /// Where it writes what it does in traces.
    public var tracer = Tracer.off
    /// Wall clock; a parameter for tests.
    public var now: @Sendable () -> UTCTime

    /// A configuration with its defaults.
    public init(credentials: TLSCredentials, rootsPEM: String, now: @escaping @Sendable () -> UTCTime) {
        self.credentials = credentials
        self.rootsPEM = rootsPEM
        self.now = now
    }

    /// By what time leases of routes are judged. They end by the log's clock, from which a worker's may be 600 s away: a route
    /// that has ended costs a push that fails, one that is thought to have ended costs its recipient his mail.
    var leaseTime: UTCTime { now().advanced(byMilliseconds: -600_000) }
}
