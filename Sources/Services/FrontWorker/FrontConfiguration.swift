import IdentityBasedEncryption
import Mailbox
import Observability
import Primitives
import RPC

/// What a front worker is told.
public struct FrontConfiguration: Sendable {
    /// Where senders and recipients call, such as `0.0.0.0`.
    public var host: String
    /// The port for them; 0 takes any free one.
    public var port: Int
    /// The port for delivery workers, over mutual TLS, on the same host; 0 takes any free one.
    public var pushPort: Int
    /// The host under which delivery workers reach this front: it goes into routes.
    public var advertisedHost: String
    /// What the front proves itself with to both.
    public var credentials: TLSCredentials
    /// The authority that delivery workers' certificates must lead to, PEM.
    public var rootsPEM: String
    /// What it takes.
    public var limits = FrontLimits()
    /// Where it counts what it does.
    public var metrics = MetricRegistry()
    /// Where it writes what it does in traces.
    public var tracer = Tracer.off
    /// Wall clock; a parameter for tests.
    public var now: @Sendable () -> UTCTime
    /// Where random octets come from.
    public var random: any RandomSource = SystemRandom()

    /// A configuration with its defaults.
    public init(
        host: String, port: Int, pushPort: Int, advertisedHost: String, credentials: TLSCredentials,
        rootsPEM: String, now: @escaping @Sendable () -> UTCTime
    ) {
        self.host = host
        self.port = port
        self.pushPort = pushPort
        self.advertisedHost = advertisedHost
        self.credentials = credentials
        self.rootsPEM = rootsPEM
        self.now = now
    }
}

/// How much a front takes, from whom, and for how long.
public struct FrontLimits: Sendable {
    /// What one deposit and one mailbox may hold.
    public var deposits = DepositLimits(
        quota: Quota(count: 100_000, octets: 8 << 30), longestLifetime: 30 * 86_400, largestCiphertext: 128 << 20)
    /// Ciphertexts of at most so many octets ride in their envelope.
    public var inlineOctets = 32 << 10
    /// Larger ones go to the log in runs of about so many octets.
    public var runOctets = 1 << 20
    /// Whether callers are told apart by the last entry of `x-forwarded-for`, which a proxy in front writes. Only where nobody but
    /// that proxy reaches the front: anybody else could write it, too.
    public var trustsForwardedFor = false
    /// Exchanges that one source address may begin in a minute.
    public var exchangesPerSourceAndMinute: UInt64 = 6000
    /// Exchanges that may begin in the name of one IDRi from one source address in a minute.
    public var exchangesPerInitiatorAndMinute: UInt64 = 600
    /// Deposits that may be opened in the name of one IDRi in a minute, over all its exchanges.
    public var depositsPerSenderAndMinute: UInt64 = 60_000
    /// How long a front's word about a stream counts; it renews it three times as often.
    public var lease = Duration.seconds(30)
    /// How long a recipient may take for each message of his exchange.
    public var exchangePatience = Duration.seconds(30)
    /// How long a sender may take for each message of a deposit.
    public var depositPatience = Duration.seconds(60)
    /// Contacts that may be dialled at a time, until they have proved themselves.
    public var dials = 128
    /// Where contacts may be; nil dials them wherever they are.
    public var contactNetworks: RPCNetworks?
    /// How long dialling a contact and its exchange may take.
    public var dialPatience = Duration.seconds(10)
    /// A stream that the front has opened is ended after so long without a message.
    public var dialledQuiet = Duration.seconds(60)
    /// Threads for pairings.
    public var cryptoThreads = 2
    /// Handshake messages that may wait for one of them; more are shed.
    public var cryptoQueue = 256

    /// The defaults.
    public init() {}
}
