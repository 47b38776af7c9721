import CGRPC
import Primitives

/// Where a channel leads, whom it believes there, and what it bears.
public struct RPCChannelConfiguration: Sendable {
    /// What protects the wire.
    public enum Security: Sendable {
        /// Nothing. For tests, and for where something else protects the wire.
        case plaintext
        /// TLS 1.3, and nothing older. The server's certificate must lead to one of the roots and name the host.
        /// `credentials` are shown to a server that asks who calls.
        case tls(rootsPEM: String, credentials: TLSCredentials? = nil)
        /// TLS 1.3 with whoever answers: it keeps out who only listens, and says nothing about who is there. Who uses
        /// it must have that proved in another way, bound to ``RPCCall/peerCertificateDigest``.
        case tlsWithAnybody
    }

    /// An IP address or a host name.
    public var host: String
    /// The server's port.
    public var port: Int
    /// What protects the wire.
    public var security: Security

    /// The name that the certificate must bear, where it is not the host.
    public var serverName: String?
    /// The longest message that is accepted or sent, in octets.
    public var maxMessageOctets = 4 << 20
    /// After so much silence on a call the server is pinged.
    public var keepalive = Duration.seconds(30)
    /// A server that does not answer a ping for so long is gone.
    public var keepaliveTimeout = Duration.seconds(10)
    /// After a failed connection gRPC waits so long before the next, then longer each time, with jitter.
    public var firstBackoff = Duration.milliseconds(200)
    /// It waits no longer than this.
    public var longestBackoff = Duration.seconds(10)

    /// Everything else has a default.
    public init(host: String, port: Int, security: Security) {
        self.host = host
        self.port = port
        self.security = security
    }

    /// Host and port as people write them.
    public var address: String { RPCAddress(host: host, port: port).description }
}

extension RPCChannelConfiguration {
    var channelArguments: ChannelArguments {
        var arguments = ChannelArguments(
            maxMessageOctets: maxMessageOctets, keepalive: keepalive, keepaliveTimeout: keepaliveTimeout)
        arguments["grpc.initial_reconnect_backoff_ms"] = firstBackoff.milliseconds
        arguments["grpc.min_reconnect_backoff_ms"] = firstBackoff.milliseconds
        arguments["grpc.max_reconnect_backoff_ms"] = longestBackoff.milliseconds
        // The environment names no proxy for us, and DNS no service configuration.
        arguments["grpc.enable_http_proxy"] = 0
        arguments["grpc.service_config_disable_resolution"] = 1
        // A channel is a connection of its own; two channels never share one.
        arguments["grpc.use_local_subchannel_pool"] = 1
        if let serverName {
            arguments.set("grpc.ssl_target_name_override", serverName)
            arguments.set("grpc.default_authority", serverName)
        }
        return arguments
    }

    /// gRPC's credentials, to be released by the caller.
    func makeCredentials() throws(RPCCertificateError) -> OpaquePointer {
        _ = Library.start
        let roots: String
        let credentials: TLSCredentials?
        switch security {
        case .plaintext: return grpc_insecure_credentials_create()
        case .tlsWithAnybody: return makeUnverifyingCredentials()
        case .tls(let given, let shown): (roots, credentials) = (given, shown)
        }
        // Roots are always given: without them gRPC would take what the environment names.
        try checkRoots(roots)
        guard let credentials else { return grpc_ssl_credentials_create_ex(roots, nil, nil, nil) }
        try credentials.check()
        return credentials.withCore { grpc_ssl_credentials_create_ex(roots, $0, nil, nil) }
    }

    /// Credentials that take any certificate. gRPC owns the options, and holds the verifier as long as it needs it.
    private func makeUnverifyingCredentials() -> OpaquePointer {
        let options = grpc_tls_credentials_options_create()
        grpc_tls_credentials_options_set_verify_server_cert(options, 0)
        grpc_tls_credentials_options_set_check_call_host(options, 0)
        let verifier = grpc_tls_certificate_verifier_no_op_create()
        grpc_tls_credentials_options_set_certificate_verifier(options, verifier)
        grpc_tls_certificate_verifier_release(verifier)
        // It fails only for options that contradict each other.
        guard let made = grpc_tls_credentials_create(options) else {
            preconditionFailure("gRPC made no TLS credentials")
        }
        return made
    }
}
