import Primitives
import Synchronization

/// A server's certificate and key. They can be replaced while the server runs: handshakes from then on use the new ones,
/// connections that exist stay.
public final class RPCCertificate: Sendable {
    /// How often files are looked at, at most; only when somebody connects.
    private static let interval = Duration.seconds(1)

    private let files: Files?
    private let state: Mutex<State>

    private struct Files {
        var certificate: String
        var key: String
    }

    private struct State {
        var credentials: TLSCredentials
        /// Counts what was taken into use.
        var generation = 1
        var lookedAt = ContinuousClock.now
        var stamps: [FileStamp] = []
    }

    /// Credentials that stay until they are replaced. Throws where key and certificate do not belong together, or the
    /// certificate is of no use now.
    public init(_ credentials: TLSCredentials) throws(RPCCertificateError) {
        try credentials.check()
        files = nil
        state = Mutex(State(credentials: credentials))
    }

    /// Reads PEM files, and reads them again when they have changed. What is then unreadable or does not fit together is
    /// reported to ``RPCLog`` and the old credentials stay in use.
    public init(certificateFile: String, keyFile: String) throws(RPCCertificateError) {
        let files = Files(certificate: certificateFile, key: keyFile)
        let stamps = [FileStamp(certificateFile), FileStamp(keyFile)]
        let credentials = try Self.read(files)
        self.files = files
        state = Mutex(State(credentials: credentials, stamps: stamps))
    }

    /// Puts other credentials in place. Throws, and leaves the old ones, where they are of no use.
    public func replace(_ credentials: TLSCredentials) throws(RPCCertificateError) {
        try credentials.check()
        state.withLock { state in
            state.credentials = credentials
            state.generation += 1
        }
    }

    /// SHA-256 of the certificate (DER) that is in use now: what clients see as ``RPCCall/peerCertificateDigest``.
    public var digest: [UInt8] { certificateDigest(pem: current().0.certificatePEM) ?? [] }

    /// What is in use now, with its number.
    func current() -> (TLSCredentials, generation: Int) {
        if let files { refresh(files) }
        return state.withLock { ($0.credentials, $0.generation) }
    }

    private func refresh(_ files: Files) {
        let stamps = state.withLock { state -> [FileStamp]? in
            guard .now - state.lookedAt >= Self.interval else { return nil }
            state.lookedAt = .now
            let stamps = [FileStamp(files.certificate), FileStamp(files.key)]
            guard stamps != state.stamps else { return nil }
            state.stamps = stamps
            return stamps
        }
        guard stamps != nil else { return }
        do {
            let credentials = try Self.read(files)
            state.withLock { state in
                state.credentials = credentials
                state.generation += 1
            }
            RPCLog.write(.info, "TLS certificate read again from \(files.certificate)")
        } catch {
            // A half-written pair gets another look, because its stamps change once more.
            RPCLog.write(.error, "TLS certificate not replaced: \(error)")
        }
    }

    private static func read(_ files: Files) throws(RPCCertificateError) -> TLSCredentials {
        let certificate = try readFile(files.certificate)
        let credentials = TLSCredentials(
            certificatePEM: certificate.withUnsafeBytes { String(decoding: $0, as: UTF8.self) },
            privateKeyPEM: try readFile(files.key))
        try credentials.check()
        return credentials
    }
}
