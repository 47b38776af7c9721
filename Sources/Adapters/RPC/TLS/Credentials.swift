import CGRPC
import Primitives
import Synchronization

/// Hands a server's certificate to gRPC, which asks once a handshake.
final class CertificateFetcher: Sendable {
    private let rootsPEM: String?
    private let state: Mutex<State>

    private struct State {
        var certificate: RPCCertificate?
        /// The number of the credentials that gRPC has.
        var given = 0
    }

    init(_ certificate: RPCCertificate, rootsPEM: String?) {
        self.rootsPEM = rootsPEM
        state = Mutex(State(certificate: certificate))
    }

    /// Lets go of the private key; handshakes from now on fail.
    func forget() {
        state.withLock { $0.certificate = nil }
    }

    /// On gRPC's thread.
    func fetch(_ result: UnsafeMutablePointer<OpaquePointer?>) -> grpc_ssl_certificate_config_reload_status {
        state.withLock { state in
            guard let (credentials, generation) = state.certificate?.current() else {
                return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL
            }
            guard state.given != generation else { return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED }
            // With a fetcher gRPC wants roots (it ends the process without) even where no client is asked for a
            // certificate; there the server's own chain stands in, and nothing is ever checked against it.
            let roots = rootsPEM ?? credentials.certificatePEM
            let made = credentials.withCore { grpc_ssl_server_certificate_config_create(roots, $0, 1) }
            guard let made else { return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL }
            // gRPC owns it from here.
            result.pointee = made
            state.given = generation
            return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW
        }
    }
}

extension RPCCertificate {
    /// Server credentials of gRPC, to be released by the caller.
    func makeServerCredentials(
        _ clients: RPCServerConfiguration.ClientCertificates
    ) throws(RPCCertificateError) -> (OpaquePointer, CertificateFetcher) {
        // Only modes that verify: in the others gRPC calls any certificate authenticated.
        let (mode, roots): (grpc_ssl_client_certificate_request_type, String?) =
            switch clients {
            case .none: (GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE, nil)
            case .verifiedIfGiven(let roots): (GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY, roots)
            case .required(let roots): (GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, roots)
            }
        if let roots { try checkRoots(roots) }
        // gRPC keeps the address and never says when it is done with it (a handshake may outlive the server), so each
        // server leaves this small object behind, without the key.
        let fetcher = CertificateFetcher(self, rootsPEM: roots)
        let kept = Unmanaged.passRetained(fetcher)
        let options = grpc_ssl_server_credentials_create_options_using_config_fetcher(
            mode,
            { userData, result in
                guard let userData, let result else { return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL }
                return Unmanaged<CertificateFetcher>.fromOpaque(userData).takeUnretainedValue().fetch(result)
            }, kept.toOpaque())
        // Both functions fail only for arguments that are not ours: no callback, no options.
        guard let options, let made = grpc_ssl_server_credentials_create_with_options(options) else {
            throw .notACertificate
        }
        return (made, fetcher)
    }
}

extension TLSCredentials {
    /// Hands the credentials to `body` as C strings; the copy of the key is wiped afterwards.
    func withCore<Result>(_ body: (UnsafeMutablePointer<grpc_ssl_pem_key_cert_pair>) -> Result) -> Result {
        let key = SecretBytes.concatenating([privateKeyPEM, SecretBytes([0])])
        return key.withUnsafeBytes { octets in
            octets.withMemoryRebound(to: CChar.self) { key in
                certificatePEM.withCString { certificate in
                    var pair = grpc_ssl_pem_key_cert_pair(private_key: key.baseAddress, cert_chain: certificate)
                    return body(&pair)
                }
            }
        }
    }
}
