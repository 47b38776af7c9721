import Observability

/// How a server listens, whom it believes and what it bears.
public struct RPCServerConfiguration: Sendable {
    /// What protects the wire.
    public enum Security: Sendable {
        /// Nothing. For tests, and for where something else protects the wire.
        case plaintext
        /// TLS 1.3, and nothing older.
        case tls(RPCCertificate, clients: ClientCertificates)
    }

    /// What clients prove.
    public enum ClientCertificates: Sendable, Hashable {
        /// Nothing; no certificate is asked for.
        case none
        /// A certificate is asked for, and verified if one comes. ``RPCContext/peerNames`` is empty where none came.
        case verifiedIfGiven(rootsPEM: String)
        /// Who has no certificate under these roots is refused in the handshake.
        case required(rootsPEM: String)
    }

    /// An IP address or a host name; `0.0.0.0` and `::` listen everywhere.
    public var host: String
    /// 0 takes any free port; see ``RPCServer/port``.
    public var port: Int
    /// What protects the wire.
    public var security: Security

    /// Unary and client-streaming calls at a time; further ones get RESOURCE_EXHAUSTED at once.
    public var maxCalls = 2048
    /// Calls with a stream of answers at a time: they may stay open for days.
    public var maxStreams = 16_384
    /// Calls at a time on one connection; further ones wait in the client.
    public var maxCallsPerConnection = 1024
    /// What a refused caller is told to wait, in milliseconds.
    public var retryAfterMs = 500
    /// The longest message that is accepted or sent, in octets.
    public var maxMessageOctets = 4 << 20
    /// After so much silence a peer is pinged.
    public var keepalive = Duration.seconds(30)
    /// Who does not answer a ping for so long is gone.
    public var keepaliveTimeout = Duration.seconds(10)
    /// Connections that finish no handshake in this time are closed.
    public var handshakeTimeout = Duration.seconds(10)
    /// Connections without a call are closed after this time; clients connect again by themselves.
    public var idleTimeout = Duration.seconds(600)
    /// Hears of every call as it ends. Runs on the cooperative pool or gRPC's thread, and must not block.
    public var observe: @Sendable (RPCCallRecord) -> Void = { _ in }
    /// Where calls are counted; nowhere by default.
    public var metrics: MetricRegistry?

    /// Everything else has a default.
    public init(host: String, port: Int, security: Security) {
        self.host = host
        self.port = port
        self.security = security
    }
}

/// One call that has ended, for metrics and logs.
public struct RPCCallRecord: Sendable {
    /// The method, as `/service/method`.
    public let path: String
    /// Where the call came from, with its port.
    public let peer: String
    /// How it ended; CANCELLED when the client went away first.
    public let code: RPCCode
    /// From its arrival to the end of its handler.
    public let duration: Duration
    /// What the handler threw when that was no ``RPCStatus``: a fault of ours that the client does not see.
    public let fault: (any Error)?
}

/// Why a server does not start.
public enum RPCServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Another process listens there.
    case portInUse(address: String)
    /// The system does not let us listen there.
    case cannotListen(address: String, reason: String)
    /// The certificate or its key is of no use.
    case certificate(RPCCertificateError)
    /// Two services or methods have the same name.
    case duplicateMethod(String)

    /// Names the fault and says what to do.
    public var description: String {
        switch self {
        case .portInUse(let address): "\(address) is in use: stop what listens there or choose another port"
        case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
        case .certificate(let error): "\(error)"
        case .duplicateMethod(let path): "the method \(path) is there twice"
        }
    }
}
