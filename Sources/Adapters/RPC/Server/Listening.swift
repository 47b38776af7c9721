import CGRPC
import Glibc

extension RPCServerConfiguration {
    /// Host and port as gRPC and people write them.
    var address: String { RPCAddress(host: host, port: port).description }

    /// Whether what a client shows as its certificate has been verified.
    var verifiesClients: Bool {
        switch security {
        case .plaintext, .tls(_, clients: .none): false
        case .tls(_, clients: .verifiedIfGiven), .tls(_, clients: .required): true
        }
    }

    var channelArguments: ChannelArguments {
        var arguments = ChannelArguments(
            maxMessageOctets: maxMessageOctets, keepalive: keepalive, keepaliveTimeout: keepaliveTimeout)
        // On, it would let a second server take half of the connections of this port without a word.
        arguments["grpc.so_reuseport"] = 0
        arguments["grpc.max_concurrent_streams"] = maxCallsPerConnection
        // Clients of ours ping after 4 s; gRPC would cut off who pings more often than every five minutes.
        arguments["grpc.http2.min_ping_interval_without_data_ms"] = 2000
        arguments["grpc.keepalive_permit_without_calls"] = 1
        arguments["grpc.server_handshake_timeout_ms"] = handshakeTimeout.milliseconds
        arguments["grpc.max_connection_idle_ms"] = idleTimeout.milliseconds
        arguments["grpc.surface_user_agent"] = 0
        return arguments
    }

    /// gRPC's credentials, to be released by the caller.
    func makeCredentials() throws(RPCServerError) -> (OpaquePointer, CertificateFetcher?) {
        _ = Library.start
        guard case .tls(let certificate, let clients) = security else {
            return (grpc_insecure_server_credentials_create(), nil)
        }
        do {
            return try certificate.makeServerCredentials(clients)
        } catch {
            throw .certificate(error)
        }
    }

    /// gRPC does not say why it could not listen, so the same is tried without it.
    var listeningFailure: RPCServerError {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // The list that getaddrinfo makes is its own memory, freed below.
        var found: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(host, String(port), &hints, &found)
        guard failure == 0, let first = found else {
            return .cannotListen(address: address, reason: String(cString: gai_strerror(failure)))
        }
        defer { freeaddrinfo(found) }
        let socket = Glibc.socket(first.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var yes: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let isBound = bind(socket, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 && listen(socket, 1) == 0
        let reason = errno
        if isBound { return .cannotListen(address: address, reason: "the system refused it; try again") }
        if reason == EADDRINUSE { return .portInUse(address: address) }
        return .cannotListen(address: address, reason: String(cString: strerror(reason)))
    }
}
